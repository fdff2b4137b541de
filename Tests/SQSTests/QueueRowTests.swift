import Model
import SQS
import SQSFunction
import Testing

/// The rows of docs/lambda-and-sqs.md about queues and the protocols.
@Suite struct QueueRowTests {
    @Test("row 4: errors in AWS JSON")
    func jsonErrors() async throws {
        let test = EndpointUnderTest()
        let answer = try await test.call(.getQueueURL, ["QueueName": "none"], on: .json)
        #expect(answer.status == 400)
        #expect(
            answer.text
                == #"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}"#)
        #expect(answer.header("x-amzn-query-error") == "AWS.SimpleQueueService.NonExistentQueue;Sender")
        #expect(answer.header("content-type") == "application/x-amz-json-1.0")
        #expect(answer.header("x-amzn-requestid")?.isEmpty == false)
        let shapes = [
            (try await test.call(.sendMessage, [:], on: .json), "MissingRequiredParameterException"),
            (
                try await test.call(.createQueue, ["QueueName": "a b"], on: .json), "InvalidParameterValueException"
            ),
        ]
        for (answer, shape) in shapes { #expect(answer.shape == shape) }
    }

    @Test("row 5: errors in the query protocol")
    func queryErrors() async throws {
        let test = EndpointUnderTest()
        let answer = try await test.call(.getQueueURL, ["QueueName": "none"], on: .query)
        #expect(answer.status == 400 && answer.header("content-type") == "text/xml")
        let parts = [
            "<ErrorResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><Error><Type>Sender</Type>",
            "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>",
            "<Message>The specified queue does not exist for this wsdl version.</Message><Detail/></Error><RequestId>",
        ]
        for part in parts { #expect(answer.text.contains(part), "\(answer.text)") }
        #expect(
            try await test.call(.sendMessage, [:], on: .query).error
                == "MissingParameter: The request must contain the parameter QueueUrl.")
    }

    private func get(_ query: String, _ path: String = "/", _ test: EndpointUnderTest) async throws
        -> EndpointUnderTest.Answer
    {
        try await test.send(
            WireRequest(method: "GET", path: path, query: query, headers: [("Host", "h:1")], body: []))
    }

    @Test("row 6: the query protocol by GET, at the queue's own URL")
    func byGet() async throws {
        let test = EndpointUnderTest()
        _ = try await test.queue("q")
        let answer = try EndpointUnderTest.read(
            try await get("Action=GetQueueAttributes&AttributeName.1=All", "/000000000000/q", test),
            .getQueueAttributes)
        #expect(answer.body["Attributes"]?["QueueArn"]?.text == "arn:aws:sqs:us-east-1:000000000000:q")
        let unknown = try await get("Action=Nothing", "/", test)
        #expect(unknown.status == 400 && unknown.text.contains("<Code>InvalidAction</Code>"))
        let none = try await get("", "/", test)
        #expect(none.status == 404 && none.text == "<UnknownOperationException/>\n")
    }

    @Test(
        "parameters in every form that clients write",
        arguments: [
            "Attribute.1.Name=DelaySeconds&Attribute.1.Value=7", "Attributes.1.Name=DelaySeconds&Attributes.1.Value=7",
            "Attribute.7.Value=7&Attribute.7.Name=DelaySeconds",
            "Attributes.entry.1.key=DelaySeconds&Attributes.entry.1.value=7",
        ])
    func forms(parameters: String) async throws {
        let test = EndpointUnderTest()
        let made = try await get("Action=CreateQueue&QueueName=q&\(parameters)", "/", test)
        #expect(made.status == 200, "\(made.text)")
        for names in [
            "AttributeName.1=DelaySeconds", "AttributeNames.member.1=DelaySeconds", "AttributeName=DelaySeconds",
        ] {
            let answer = try EndpointUnderTest.read(
                try await get("Action=GetQueueAttributes&\(names)", "/000000000000/q", test), .getQueueAttributes)
            #expect(answer.body["Attributes"]?["DelaySeconds"]?.text == "7", "\(names)")
        }
    }

    @Test("row 17: three disjoint numbers", arguments: Wire.allCases)
    func counts(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q")
        for delay in [0, 0, 5] {
            _ = try await test.call(
                .sendMessage, ["QueueUrl": .string(url), "MessageBody": "x", "DelaySeconds": .integer(delay)], on: wire)
        }
        _ = try await test.receive(url, on: wire, [.init("MaxNumberOfMessages", 1)])
        #expect(try await test.counts(url) == ["1", "1", "1"])
    }

    @Test("row 18: a purge once in 60 s", arguments: Wire.allCases)
    func purge(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q")
        #expect(try await test.call(.purgeQueue, ["QueueUrl": .string(url)], on: wire).status == 200)
        let again = try await test.call(.purgeQueue, ["QueueUrl": .string(url)], on: wire)
        #expect(again.status == 403)
        #expect(
            again.error
                == "AWS.SimpleQueueService.PurgeQueueInProgress: Only one PurgeQueue operation on q is allowed every 60 seconds."
        )
    }

    @Test("row 19: a queue that exists is made again by the same attributes only", arguments: Wire.allCases)
    func creation(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q", ["DelaySeconds": "5"], on: wire)
        #expect(try await test.queue("q", on: wire) == url)
        #expect(try await test.queue("q", ["DelaySeconds": "5", "VisibilityTimeout": "30"], on: wire) == url)
        let answer = try await test.call(
            .createQueue, ["QueueName": "q", "Attributes": ["DelaySeconds": "6"]], on: wire)
        #expect(
            answer.error
                == "QueueAlreadyExists: A queue already exists with the same name and a different value for attribute DelaySeconds"
        )
        if wire == .json { #expect(answer.shape == "QueueNameExists") }
        _ = try await test.call(.deleteQueue, ["QueueUrl": .string(url)], on: wire)
        #expect(
            try await test.call(.createQueue, ["QueueName": "q"], on: wire).code
                == "AWS.SimpleQueueService.QueueDeletedRecently")
        test.clock.advance(.seconds(60))
        #expect(try await test.queue("q", on: wire) == url)
    }

    @Test("row 20: attributes of queues, with their defaults", arguments: Wire.allCases)
    func attributes(wire: Wire) async throws {
        let test = EndpointUnderTest()
        func all(_ url: String) async throws -> [String: String] {
            let answer = try await test.call(
                .getQueueAttributes, ["QueueUrl": .string(url), "AttributeNames": ["All"]], on: wire)
            let members = answer.body["Attributes"]?.members ?? []
            return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value.text ?? "") })
        }
        let url = try await test.queue("q")
        let seconds = "\(test.clock.now.milliseconds / 1_000)"
        let standard = [
            "VisibilityTimeout": "30", "MessageRetentionPeriod": "345600", "DelaySeconds": "0",
            "ReceiveMessageWaitTimeSeconds": "0", "MaximumMessageSize": "1048576", "SqsManagedSseEnabled": "true",
            "QueueArn": "arn:aws:sqs:us-east-1:000000000000:q", "CreatedTimestamp": seconds,
            "LastModifiedTimestamp": seconds, "ApproximateNumberOfMessages": "0",
            "ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0",
        ]
        #expect(try await all(url) == standard)
        let fifo = try await all(try await test.queue("q.fifo", ["FifoQueue": "true"]))
        #expect(
            fifo.filter { standard[$0.key] == nil } == [
                "FifoQueue": "true", "ContentBasedDeduplication": "false", "DeduplicationScope": "queue",
                "FifoThroughputLimit": "perQueue",
            ])
        func set(_ attributes: JSON, _ url: String) async throws -> EndpointUnderTest.Answer {
            try await test.call(
                .setQueueAttributes, ["QueueUrl": .string(url), "Attributes": attributes], on: wire)
        }
        test.clock.advance(.seconds(3))
        #expect(try await set(["VisibilityTimeout": "7", "Policy": "{}"], url).status == 200)
        let changed = try await all(url)
        #expect(changed["VisibilityTimeout"] == "7" && changed["Policy"] == "{}")
        #expect(changed["LastModifiedTimestamp"] != seconds && changed["CreatedTimestamp"] == seconds)
        #expect(try await set(["Policy": ""], url).status == 200)
        #expect(try await all(url)["Policy"] == nil)
        let none = try await test.call(.getQueueAttributes, ["QueueUrl": .string(url)], on: wire)
        #expect(none.body == .object([]), "none is asked for")
    }

    @Test(
        "row 20: values at the edges of their ranges, and one beyond",
        arguments: [
            ("DelaySeconds", 0...900), ("MaximumMessageSize", 1_024...1_048_576),
            ("MessageRetentionPeriod", 60...1_209_600), ("ReceiveMessageWaitTimeSeconds", 0...20),
            ("VisibilityTimeout", 0...43_200), ("KmsDataKeyReusePeriodSeconds", 60...86_400),
        ])
    func ranges(name: String, range: ClosedRange<Int>) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q")
        for wire in Wire.allCases {
            func set(_ value: String) async throws -> EndpointUnderTest.Answer {
                try await test.call(
                    .setQueueAttributes,
                    ["QueueUrl": .string(url), "Attributes": .object([.init(name, .string(value))])], on: wire)
            }
            for value in [range.lowerBound, range.upperBound] {
                #expect(try await set("\(value)").status == 200)
            }
            for value in ["\(range.lowerBound - 1)", "\(range.upperBound + 1)", "1.5", "x", "", "99999999999999999999"]
            {
                let answer = try await set(value)
                #expect(
                    answer.error == "InvalidAttributeValue: Invalid value for the parameter \(name).", "\(value)")
            }
        }
    }

    @Test("row 20: what no queue has, or not one of this kind", arguments: Wire.allCases)
    func unknownAttributes(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let (url, fifo) = (try await test.queue("q"), try await test.fifo("q.fifo"))
        for (url, name) in [
            (url, "FifoQueue"), (url, "ContentBasedDeduplication"), (url, "Nothing"), (fifo, "QueueArn"), (url, "All"),
        ] {
            let answer = try await test.call(
                .setQueueAttributes, ["QueueUrl": .string(url), "Attributes": .object([.init(name, "true")])], on: wire)
            #expect(answer.error == "InvalidAttributeName: Unknown Attribute \(name).")
        }
        let limit: JSON = ["FifoThroughputLimit": "perMessageGroupId"]
        #expect(
            try await test.call(
                .setQueueAttributes, ["QueueUrl": .string(fifo), "Attributes": limit], on: wire
            ).code == "InvalidAttributeValue")
        let both: JSON = ["FifoThroughputLimit": "perMessageGroupId", "DeduplicationScope": "messageGroup"]
        #expect(
            try await test.call(
                .setQueueAttributes, ["QueueUrl": .string(fifo), "Attributes": both], on: wire
            ).status == 200)
        let kms: JSON = ["KmsMasterKeyId": "alias/aws/sqs"]
        _ = try await test.call(.setQueueAttributes, ["QueueUrl": .string(url), "Attributes": kms], on: wire)
        let answer = try await test.call(
            .getQueueAttributes,
            ["QueueUrl": .string(url), "AttributeNames": ["SqsManagedSseEnabled", "KmsMasterKeyId"]], on: wire)
        #expect(answer.body["Attributes"]?["SqsManagedSseEnabled"]?.text == "false")
        #expect(answer.body["Attributes"]?["KmsMasterKeyId"]?.text == "alias/aws/sqs")
    }

    @Test("row 21: names and URLs", arguments: Wire.allCases)
    func names(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let long = String(repeating: "n", count: 80)
        #expect(try await test.queue(long, on: wire).hasSuffix("/000000000000/\(long)"))
        for (name, isFIFO) in [
            (long + "n", false), ("a b", false), ("a.b", false), ("é", false), ("a.fifo", false), ("a", true),
            (".fifo", true),
        ] {
            let attributes: JSON = isFIFO ? ["FifoQueue": "true"] : .object([])
            let answer = try await test.call(
                .createQueue, ["QueueName": .string(name), "Attributes": attributes], on: wire)
            #expect(answer.code == "InvalidParameterValue", "\(name): \(answer.error)")
        }
        _ = try await test.queue("q")
        for url in [
            "http://localhost:9324/000000000000/q", "https://sqs.us-east-1.amazonaws.com/000000000000/q",
            "http://other/queue/us-east-1/000000000000/q", "/000000000000/q", "q",
        ] {
            let answer = try await test.call(.listQueueTags, ["QueueUrl": .string(url)], on: wire)
            #expect(answer.status == 200, "\(url): \(answer.error)")
        }
        for url in ["http://localhost/000000000000/none", "http://localhost/111111111111/q"] {
            let answer = try await test.call(.listQueueTags, ["QueueUrl": .string(url)], on: wire)
            #expect(answer.code == "AWS.SimpleQueueService.NonExistentQueue")
        }
        for url in ["http://localhost/a/b/c/d/e", "http://localhost", "http://h/x y"] {
            let answer = try await test.call(.listQueueTags, ["QueueUrl": .string(url)], on: wire)
            #expect(answer.code == "InvalidAddress", "\(url)")
        }
        let answer = try await test.call(.getQueueURL, ["QueueName": "q"], on: wire, host: "queues.example:80")
        #expect(answer.body["QueueUrl"]?.text == "http://queues.example:80/000000000000/q")
    }

    @Test("accounts and regions do not know of each other")
    func realms() async throws {
        let test = EndpointUnderTest()
        func headers(_ key: String, _ region: String) -> [(name: String, value: String)] {
            let scope = "\(key)/20260101/\(region)/sqs/aws4_request"
            return [("Authorization", "AWS4-HMAC-SHA256 Credential=\(scope), SignedHeaders=host, Signature=0")]
        }
        func list(_ headers: [(name: String, value: String)], _ host: String = "localhost") async throws -> [String] {
            let answer = try await test.call(.listQueues, [:], on: .json, host: host, headers: headers)
            return answer.body["QueueUrls"]?.elements?.compactMap(\.text) ?? []
        }
        _ = try await test.call(
            .createQueue, ["QueueName": "q"], on: .json, headers: headers("111111111111", "eu-west-1"))
        #expect(try await list(headers("111111111111", "eu-west-1")) == ["http://localhost/111111111111/q"])
        #expect(try await list(headers("111111111111", "us-east-1")) == [])
        #expect(try await list(headers("AKIDEXAMPLE", "eu-west-1")) == [], "of the default account")
        #expect(try await list([]) == [])
        _ = try await test.call(.createQueue, ["QueueName": "p"], on: .json, host: "sqs.eu-west-1.amazonaws.com")
        #expect(try await list(headers("AKIDEXAMPLE", "eu-west-1")) == ["http://localhost/000000000000/p"])
    }

    @Test("row 29: what a redrive policy must say", arguments: Wire.allCases)
    func redrivePolicies(wire: Wire) async throws {
        let test = EndpointUnderTest()
        _ = try await test.queue("dead")
        _ = try await test.fifo("dead.fifo")
        _ = try await test.queue("closed", ["RedriveAllowPolicy": #"{"redrivePermission":"denyAll"}"#])
        _ = try await test.queue(
            "open",
            [
                "RedriveAllowPolicy":
                    #"{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:us-east-1:000000000000:q"]}"#
            ])
        let url = try await test.queue("q")
        let arn = "arn:aws:sqs:us-east-1:000000000000"
        func set(_ policy: String, _ url: String) async throws -> EndpointUnderTest.Answer {
            try await test.call(
                .setQueueAttributes,
                ["QueueUrl": .string(url), "Attributes": ["RedrivePolicy": .string(policy)]], on: wire)
        }
        for (target, count, reason) in [
            ("\(arn):none", "5", "Dead letter target does not exist."),
            ("\(arn):dead.fifo", "5", "Dead-letter queue must be same type of queue as the source."),
            ("\(arn):closed", "5", "does not allow this queue as a source."),
            (
                "\(arn):dead", "0",
                "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive."
            ),
            ("\(arn):dead", "1001", "valid values are from 1 to 1000 both inclusive."),
            ("arn:aws:sqs:eu-west-1:000000000000:dead", "5", "same account and region"),
            ("nonsense", "5", "Invalid value for deadLetterTargetArn."),
        ] {
            let answer = try await set(#"{"deadLetterTargetArn":"\#(target)","maxReceiveCount":"\#(count)"}"#, url)
            #expect(answer.code == "InvalidParameterValue", "\(answer.error)")
            #expect(
                answer.message?.hasSuffix(reason) == true || answer.message?.contains(reason) == true, "\(answer.error)"
            )
        }
        for (policy, name) in [
            (#"{"maxReceiveCount":5}"#, "deadLetterTargetArn"),
            (#"{"deadLetterTargetArn":"\#(arn):dead"}"#, "maxReceiveCount"),
        ] {
            #expect(
                try await set(policy, url).message?.hasSuffix("does not contain mandatory attribute: \(name).") == true)
        }
        #expect(try await set(#"{"deadLetterTargetArn":"\#(arn):open","maxReceiveCount":3}"#, url).status == 200)
        #expect(try await set(#"{"deadLetterTargetArn":"\#(arn):dead","maxReceiveCount":"3"}"#, url).status == 200)
        let answer = try await test.call(
            .getQueueAttributes, ["QueueUrl": .string(url), "AttributeNames": ["RedrivePolicy"]], on: wire)
        #expect(
            answer.body["Attributes"]?["RedrivePolicy"]?.text
                == #"{"deadLetterTargetArn":"\#(arn):dead","maxReceiveCount":3}"#)
        let sources = try await test.call(
            .listDeadLetterSourceQueues, ["QueueUrl": "http://h/000000000000/dead"], on: wire)
        #expect(sources.body["queueUrls"]?.elements?.compactMap(\.text) == [url])
        #expect(try await set("", url).status == 200)
        let after = try await test.call(
            .listDeadLetterSourceQueues, ["QueueUrl": "http://h/000000000000/dead"], on: wire)
        #expect(after.body["queueUrls"]?.elements ?? [] == [])
    }

    @Test("row 29: dead-letter queues in a circle are refused", arguments: Wire.allCases)
    func circles(wire: Wire) async throws {
        let test = EndpointUnderTest()
        func target(_ source: String, _ dead: String) async throws -> EndpointUnderTest.Answer {
            let policy = #"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:\#(dead)","maxReceiveCount":1}"#
            return try await test.call(
                .setQueueAttributes,
                [
                    "QueueUrl": .string("/000000000000/\(source)"), "Attributes": ["RedrivePolicy": .string(policy)],
                ], on: wire)
        }
        for name in ["a", "b", "c"] { _ = try await test.queue(name) }
        #expect(try await target("a", "a").message?.hasSuffix("A queue cannot be its own dead-letter queue.") == true)
        #expect(try await target("a", "b").status == 200)
        #expect(try await target("b", "c").status == 200)
        let answer = try await target("c", "a")
        #expect(
            answer.code == "InvalidParameterValue" && answer.message?.contains("leads back") == true, "\(answer.error)")
    }

    @Test("row 29: a dead letter names its source", arguments: Wire.allCases)
    func deadLetter(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let (url, dead) = try await sourceAndDead(test)
        try await kill(2, url, on: wire, test)
        let letters = try await test.receive(dead, on: wire)
        #expect(letters.count == 2)
        #expect(
            letters[0]["Attributes"]?["DeadLetterQueueSourceArn"]?.text == "arn:aws:sqs:us-east-1:000000000000:q")
        #expect(letters[0]["Attributes"]?["ApproximateReceiveCount"]?.text == "2")
    }

    // MARK: Move tasks

    private func sourceAndDead(_ test: EndpointUnderTest) async throws -> (String, String) {
        let dead = try await test.queue("dead")
        let policy = #"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1}"#
        return (try await test.queue("q", ["RedrivePolicy": .string(policy), "VisibilityTimeout": "1"]), dead)
    }

    /// Makes so many dead letters.
    private func kill(_ count: Int, _ url: String, on wire: Wire, _ test: EndpointUnderTest) async throws {
        for number in 0..<count {
            _ = try await test.call(
                .sendMessage, ["QueueUrl": .string(url), "MessageBody": .string("m\(number)")], on: wire)
        }
        _ = try await test.receive(url, on: wire)
        test.clock.advance(.seconds(2))
        #expect(try await test.receive(url, on: wire) == [])
    }

    private func tasks(_ wire: Wire, _ test: EndpointUnderTest) async throws -> [JSON] {
        let answer = try await test.call(
            .listMessageMoveTasks,
            ["SourceArn": "arn:aws:sqs:us-east-1:000000000000:dead", "MaxResults": 10], on: wire)
        return answer.body["Results"]?.elements ?? []
    }

    private func start(
        _ wire: Wire, _ test: EndpointUnderTest, source: String = "dead", _ more: [JSON.Member] = []
    ) async throws -> EndpointUnderTest.Answer {
        let arn = JSON.string("arn:aws:sqs:us-east-1:000000000000:\(source)")
        return try await test.call(.startMessageMoveTask, .object([.init("SourceArn", arn)] + more), on: wire)
    }

    @Test("row 30: a move task takes dead letters back to where they came from", arguments: Wire.allCases)
    func moveTask(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let (url, dead) = try await sourceAndDead(test)
        try await kill(3, url, on: wire, test)
        let started = try await start(wire, test)
        #expect(started.body["TaskHandle"]?.text?.isEmpty == false, "\(started.error)")
        while try await tasks(wire, test).first?["Status"]?.text == "RUNNING" { await Task.yield() }
        let task = try #require(try await tasks(wire, test).first)
        #expect(task["Status"]?.text == "COMPLETED" && task["TaskHandle"] == nil)
        #expect(task["ApproximateNumberOfMessagesMoved"]?.int == 3)
        #expect(task["ApproximateNumberOfMessagesToMove"]?.int == 3)
        #expect(task["StartedTimestamp"]?.int == Int(test.clock.now.milliseconds))
        #expect(try await test.counts(dead) == ["0", "0", "0"])
        let back = try await test.receive(url, on: wire)
        #expect(Set(back.compactMap { $0["Body"]?.text }) == ["m0", "m1", "m2"])
        #expect(back.first?["Attributes"]?["ApproximateReceiveCount"]?.text == "1")
    }

    @Test("row 30: a rate, one task at a time, and cancelling", arguments: Wire.allCases)
    func cancelledMoveTask(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let (url, _) = try await sourceAndDead(test)
        try await kill(3, url, on: wire, test)
        let handle = try await start(wire, test, [.init("MaxNumberOfMessagesPerSecond", 1)]).body["TaskHandle"]
        while try await tasks(wire, test).first?["ApproximateNumberOfMessagesMoved"]?.int == 0 { await Task.yield() }
        #expect(
            try await start(wire, test).error.hasPrefix(
                "AWS.SimpleQueueService.UnsupportedOperation: There is already a task running."))
        #expect(try await tasks(wire, test).first?["ApproximateNumberOfMessagesMoved"]?.int == 1, "one a second")
        let cancelled = try await test.call(
            .cancelMessageMoveTask, .object([.init("TaskHandle", handle ?? .null)]), on: wire)
        #expect(cancelled.body["ApproximateNumberOfMessagesMoved"]?.int == 1, "\(cancelled.error)")
        #expect(try await tasks(wire, test).first?["Status"]?.text == "CANCELLED")
        let again = try await test.call(
            .cancelMessageMoveTask, .object([.init("TaskHandle", handle ?? .null)]), on: wire)
        #expect(again.code == "AWS.SimpleQueueService.UnsupportedOperation")
    }

    @Test("row 30: a task fails when its destination has gone", arguments: Wire.allCases)
    func failedMoveTask(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let (url, _) = try await sourceAndDead(test)
        try await kill(2, url, on: wire, test)
        let other = try await test.queue("other")
        _ = try await start(
            wire, test,
            [
                .init("DestinationArn", "arn:aws:sqs:us-east-1:000000000000:other"),
                .init("MaxNumberOfMessagesPerSecond", 1),
            ])
        while try await tasks(wire, test).first?["ApproximateNumberOfMessagesMoved"]?.int == 0 { await Task.yield() }
        _ = try await test.call(.deleteQueue, ["QueueUrl": .string(other)], on: wire)
        test.clock.advance(.seconds(2))
        while try await tasks(wire, test).first?["Status"]?.text == "RUNNING" { await Task.yield() }
        let task = try #require(try await tasks(wire, test).first)
        #expect(task["Status"]?.text == "FAILED")
        #expect(task["FailureReason"]?.text == "AWS.SimpleQueueService.NonExistentQueue")
    }

    @Test("row 30: what cannot be a move task", arguments: Wire.allCases)
    func wrongMoveTasks(wire: Wire) async throws {
        let test = EndpointUnderTest()
        _ = try await sourceAndDead(test)
        _ = try await test.fifo("x.fifo")
        let missing = try await start(wire, test, source: "none")
        #expect(missing.status == 404 && missing.code == "ResourceNotFoundException")
        #expect(
            try await start(wire, test, source: "q").error
                == "InvalidParameterValue: Source queue must be configured as a Dead Letter Queue.")
        for rate in [0, 501] {
            #expect(
                try await start(wire, test, [.init("MaxNumberOfMessagesPerSecond", .integer(rate))]).code
                    == "InvalidParameterValue")
        }
        for (name, code) in [
            ("none", "ResourceNotFoundException"), ("dead", "InvalidParameterValue"),
            ("x.fifo", "InvalidParameterValue"),
        ] {
            let arn = JSON.string("arn:aws:sqs:us-east-1:000000000000:\(name)")
            #expect(try await start(wire, test, [.init("DestinationArn", arn)]).code == code)
        }
        for (handle, code) in [
            ("nonsense", "InvalidParameterValue"),
            (
                "eyJ0YXNrSWQiOiIwMTkzYTVmMC03YzFlLTdhYmMtOGRlZi0wMTIzNDU2Nzg5YWIiLCJzb3VyY2VBcm4iOiJhcm46YXdzOnNxczp1cy1lYXN0LTE6MDAwMDAwMDAwMDAwOmRlYWQifQ==",
                "ResourceNotFoundException"
            ),
        ] {
            #expect(
                try await test.call(.cancelMessageMoveTask, ["TaskHandle": .string(handle)], on: wire).code == code)
        }
        #expect(try await tasks(wire, test) == [])
    }

    // MARK: Tags, permissions, lists

    @Test("tags are set, replaced and removed", arguments: Wire.allCases)
    func tags(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let answer = try await test.call(.createQueue, ["QueueName": "q", "tags": ["a": "1", "b": "2"]], on: wire)
        let url = answer.body["QueueUrl"] ?? .null
        _ = try await test.call(.tagQueue, ["QueueUrl": url, "Tags": ["b": "3", "c": ""]], on: wire)
        _ = try await test.call(.untagQueue, ["QueueUrl": url, "TagKeys": ["a", "x"]], on: wire)
        #expect(
            try await test.call(.listQueueTags, ["QueueUrl": url], on: wire).body["Tags"] == ["b": "3", "c": ""])
        let many = JSON.object((0..<49).map { .init("t\($0)", "x") })
        let tooMany = JSON.object((0..<100_000).map { .init("t\($0)", "x") })
        #expect(
            try await test.call(.tagQueue, ["QueueUrl": url, "Tags": tooMany], on: .json).code
                == "InvalidParameterValue")
        #expect(
            try await test.call(.tagQueue, ["QueueUrl": url, "Tags": many], on: wire).code == "InvalidParameterValue")
    }

    @Test("permissions are stored as a policy", arguments: Wire.allCases)
    func permissions(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = JSON.string(try await test.queue("q"))
        func add(_ label: JSON, _ accounts: JSON, _ actions: JSON) async throws -> EndpointUnderTest.Answer {
            try await test.call(
                .addPermission,
                ["QueueUrl": url, "Label": label, "AWSAccountIds": accounts, "Actions": actions], on: wire)
        }
        #expect(try await add("one", ["111111111111"], ["SendMessage"]).status == 200)
        #expect(try await add("one", ["111111111111"], ["*"]).error.hasSuffix("Reason: Already exists."))
        #expect(try await add("two", ["111111111111"], ["Fly"]).code == "InvalidParameterValue")
        #expect(try await add("two", ["me"], ["*"]).code == "InvalidParameterValue")
        let many = JSON.array(Array(repeating: "SendMessage", count: 8))
        #expect(try await add("two", ["111111111111"], many).status == 403)
        let answer = try await test.call(
            .getQueueAttributes, ["QueueUrl": url, "AttributeNames": ["Policy"]], on: wire)
        let policy = try JSON(parsing: answer.body["Attributes"]?["Policy"]?.text ?? "")
        #expect(policy["Statement"]?.elements?.first?["Action"]?.text == "SQS:SendMessage")
        let single = #"{"Version":"2012-10-17","Statement":{"Sid":"kept","Effect":"Deny"}}"#
        _ = try await test.call(
            .setQueueAttributes, ["QueueUrl": url, "Attributes": ["Policy": .string(single)]], on: wire)
        #expect(try await add("one", ["111111111111"], ["*"]).status == 200)
        let kept = try await test.call(
            .getQueueAttributes, ["QueueUrl": url, "AttributeNames": ["Policy"]], on: wire)
        let found = try JSON(parsing: kept.body["Attributes"]?["Policy"]?.text ?? "")
        #expect(found["Statement"]?.elements?.count == 2 && found["Version"]?.text == "2012-10-17")
        #expect(try await test.call(.removePermission, ["QueueUrl": url, "Label": "one"], on: wire).status == 200)
        #expect(
            try await test.call(.removePermission, ["QueueUrl": url, "Label": "one"], on: wire).code
                == "InvalidParameterValue")
    }

    @Test("lists come in pages", arguments: Wire.allCases)
    func pages(wire: Wire) async throws {
        let test = EndpointUnderTest()
        for number in 0..<5 { _ = try await test.queue("q\(number)") }
        var (names, token): ([String], JSON?) = ([], nil)
        repeat {
            var members: [JSON.Member] = [.init("MaxResults", 2)]
            if let token { members.append(.init("NextToken", token)) }
            let answer = try await test.call(.listQueues, .object(members), on: wire)
            names += answer.body["QueueUrls"]?.elements?.compactMap { $0.text.map { String($0.suffix(2)) } } ?? []
            token = answer.body["NextToken"]
        } while token != nil
        #expect(names == ["q0", "q1", "q2", "q3", "q4"])
        #expect(try await test.call(.listQueues, [:], on: wire).body["NextToken"] == nil)
        for limit in [0, 1_001] {
            #expect(
                try await test.call(.listQueues, ["MaxResults": .integer(limit)], on: wire).code
                    == "InvalidParameterValue")
        }
        #expect(
            try await test.call(.listQueues, ["MaxResults": 1, "NextToken": "???"], on: wire).code
                == "InvalidParameterValue")
    }
}
