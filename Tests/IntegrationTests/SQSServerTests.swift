import Curl
import Foundation
import HTTP
import Model
import Redis
import TestServers
import Testing

/// The SQS endpoint as a process, over HTTP and on a real Redis.
@Suite(.serialized) struct SQSServerTests {
    @Test func `a message is sent, received and deleted, and shown without effect`() async throws {
        try await SQSRig.with { rig in
            let url = try await rig.queue("q")
            #expect(try await rig.call("SendMessage", ["QueueUrl": url, "MessageBody": "hello"]).status == 200)
            let http = HTTPClient()
            func shown(_ state: String) async throws -> JSON {
                let answer = try await http.execute(
                    HTTPRequest(
                        url: "http://127.0.0.1:\(rig.port)/_headgate/queues/q/messages?state=\(state)",
                        keptBytes: 1 << 20))
                return try JSON(parsing: answer.body)
            }
            for _ in 0..<2 {
                let found = try await shown("visible")["messages"]?.elements ?? []
                #expect(found.count == 1 && found[0]["body"]?.text == "hello" && found[0]["receiveCount"]?.int == 0)
            }
            let received = try await rig.call("ReceiveMessage", ["QueueUrl": url])
            let message = try #require(received.body["Messages"]?.elements?.first)
            #expect(try await shown("inFlight")["messages"]?.elements?.count == 1)
            let deleted = try await rig.call(
                "DeleteMessage", ["QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] ?? .null])
            #expect(deleted.status == 200)
            #expect(try await rig.counts(url) == ["0", "0", "0"])
        }
    }

    /// Row 8.
    @Test func `a poll whose client has hung up gets no message`() async throws {
        try await SQSRig.with { rig in
            let url = try await rig.queue("q")
            for _ in 0..<20 {
                do {
                    let gone = try rig.poll(url)
                    try await eventually("it waits") { try await rig.waiting() == 1 }
                    withExtendedLifetime(gone) {}
                }
                // Known at once, or only when it is to be answered.
                if Bool.random() { try await eventually("it is known") { try await rig.waiting() == 0 } }
                _ = try await rig.call("SendMessage", ["QueueUrl": url, "MessageBody": "x"])
                try await eventually("it is there") { try await rig.counts(url) == ["1", "0", "0"] }
                let answer = try await rig.call(
                    "ReceiveMessage", ["QueueUrl": url, "AttributeNames": ["ApproximateReceiveCount"]])
                let message = try #require(answer.body["Messages"]?.elements?.first)
                #expect(
                    message["Attributes"]?["ApproximateReceiveCount"]?.text == "1", "what was given back is not counted"
                )
                _ = try await rig.call(
                    "DeleteMessage", ["QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] ?? .null])
            }
        }
    }

    @Test func `a thousand polls of one queue are served in the order in which they came`() async throws {
        try await SQSRig.with { rig in
            let url = try await rig.queue("q")
            let connection = RedisConnection(url: try RedisURL(rig.redis.redisURL))
            var polls: [RawConnection] = []
            // The first five one after another.
            for number in 1...5 {
                polls.append(try rig.poll(url))
                try await eventually("\(number) wait") { try await rig.waiting() == number }
            }
            for _ in 5..<1_000 { polls.append(try rig.poll(url)) }
            try await eventually("they wait") { try await rig.waiting() == 1_000 }
            let before = try await rig.commands(connection)
            try await Task.sleep(for: .seconds(3))
            #expect(try await rig.commands(connection) - before <= 1, "nothing happens, so nothing is asked")
            for number in 0..<5 {
                _ = try await rig.call("SendMessage", ["QueueUrl": url, "MessageBody": .string("m\(number)")])
            }
            for number in 0..<5 {
                let answer = await polls[number].receive { $0.suffix(2) == Array("]}".utf8)[...] }
                #expect(String(decoding: answer, as: UTF8.self).contains("\"Body\":\"m\(number)\""))
            }
        }
    }

    @Test func `polls of a thousand queues cost nothing while nothing happens`() async throws {
        try await SQSRig.with { rig in
            let connection = RedisConnection(url: try RedisURL(rig.redis.redisURL))
            var (urls, polls): ([JSON], [RawConnection]) = ([], [])
            for number in 0..<1_000 {
                let url = try await rig.queue("q\(number)")
                urls.append(url)
                polls.append(try rig.poll(url))
            }
            try await eventually("they wait") { try await rig.waiting() == 1_000 }
            let before = try await rig.commands(connection)
            try await Task.sleep(for: .seconds(3))
            #expect(try await rig.commands(connection) - before <= 1)
            // The first polls may have ended meanwhile; the last are young.
            _ = try await rig.call("SendMessage", ["QueueUrl": urls[999], "MessageBody": "late"])
            let answer = await polls[999].receive { $0.suffix(2) == Array("]}".utf8)[...] }
            #expect(String(decoding: answer, as: UTF8.self).contains("\"Body\":\"late\""))
        }
    }

    /// Row 8: what becomes visible by time wakes a poll, too.
    @Test func `a poll is served when a delay or a visibility timeout ends`() async throws {
        try await SQSRig.with { rig in
            let url = try await rig.queue("q", ["VisibilityTimeout": "1"])
            _ = try await rig.call("SendMessage", ["QueueUrl": url, "MessageBody": "x", "DelaySeconds": 1])
            for _ in 0..<2 {
                let answer = try await rig.call("ReceiveMessage", ["QueueUrl": url, "WaitTimeSeconds": 15])
                #expect(answer.body["Messages"]?.elements?.count == 1)
            }
        }
    }

    @Test func `while Redis is away clients are told to try again, and nothing is lost`() async throws {
        try await SQSRig.with(["--restart", "--appendonly", "yes", "--appendfsync", "always"]) { rig in
            let url = try await rig.queue("q")
            #expect(try await rig.call("SendMessage", ["QueueUrl": url, "MessageBody": "before"]).status == 200)
            rig.redis.signal(SIGKILL)
            let answer = try await rig.call("SendMessage", ["QueueUrl": url, "MessageBody": "during"])
            #expect(answer.status == 503, "\(answer)")
            #expect(answer.body["__type"]?.text == "com.amazonaws.sqs#ServiceUnavailable")
            // As clients do.
            try await eventually("it is sent") {
                try await rig.call("SendMessage", ["QueueUrl": url, "MessageBody": "during"]).status == 200
            }
            let received = try await rig.call("ReceiveMessage", ["QueueUrl": url, "MaxNumberOfMessages": 10])
            let bodies = received.body["Messages"]?.elements?.compactMap { $0["Body"]?.text } ?? []
            #expect(Set(bodies) == ["before", "during"], "a repeated send may be there twice")
        }
    }

    @Test func `a request beyond all limits is refused, and the next one served`() async throws {
        try await SQSRig.with { rig in
            let url = try await rig.queue("q")
            let body = JSON.string(String(repeating: "x", count: 5 << 20))
            let answer = try await rig.call("SendMessage", ["QueueUrl": url, "MessageBody": body])
            #expect(answer.status == 413)
            #expect(answer.body["__type"]?.text == "com.amazonaws.sqs#RequestEntityTooLarge")
            #expect(try await rig.call("SendMessage", ["QueueUrl": url, "MessageBody": "y"]).status == 200)
        }
    }

    @Test func `a poll ends when the endpoint is asked to stop`() async throws {
        try await SQSRig.with { rig in
            let poll = try rig.poll(try await rig.queue("q"))
            try await eventually("it waits") { try await rig.waiting() == 1 }
            rig.process.terminate()
            let answer = String(decoding: await poll.receive(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 200") && answer.hasSuffix("{}"), "\(answer)")
            try await eventually("it has ended", within: .seconds(10)) { !rig.process.isRunning }
        }
    }

    @Test func `a second request to stop ends the endpoint at once`() async throws {
        try await SQSRig.with { rig in
            let half = try RawConnection(port: rig.port)
            half.send(Array("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\n{}".utf8))
            // An answer of the same connection's event loop: the half request has been read.
            _ = try await rig.waiting()
            rig.process.terminate()
            try await Task.sleep(for: .milliseconds(500))
            rig.process.terminate()
            try await eventually("it has ended", within: .seconds(5)) { !rig.process.isRunning }
            withExtendedLifetime(half) {}
        }
    }

    @Test func `a poll goes on when Redis comes back`() async throws {
        try await SQSRig.with(["--restart", "--appendonly", "yes", "--appendfsync", "always"]) { rig in
            let url = try await rig.queue("q")
            let poll = try rig.poll(url)
            try await eventually("it waits") { try await rig.waiting() == 1 }
            rig.redis.signal(SIGKILL)
            try await eventually("it is sent") {
                try await rig.call("SendMessage", ["QueueUrl": url, "MessageBody": "late"]).status == 200
            }
            let answer = String(decoding: await poll.receive { $0.suffix(1) == Array("}".utf8)[...] }, as: UTF8.self)
            #expect(answer.contains("\"Body\":\"late\"") || answer.contains(" 503 "), "\(answer)")
        }
    }

    @Test func `a client that is slow, or silent, is hung up on and holds up nobody`() async throws {
        try await SQSRig.with { rig in
            let url = try await rig.queue("q")
            var silent: [RawConnection] = []
            for _ in 0..<2_000 { silent.append(try RawConnection(port: rig.port)) }
            let slow = try RawConnection(port: rig.port)
            slow.send(Array("POST / HTTP/1.1\r\nHost: h\r\nX-Slow: ".utf8))
            let start = ContinuousClock.now
            while slow.send([UInt8(ascii: "x")]), ContinuousClock.now - start < .seconds(40) {
                #expect(try await rig.call("SendMessage", ["QueueUrl": url, "MessageBody": "x"]).status == 200)
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(ContinuousClock.now - start < .seconds(40), "it was closed")
            let rest = await silent[0].receive()
            #expect(rest.isEmpty, "it was closed, too")
        }
    }

    @Test func `settings that cannot work are named`() async throws {
        let sqs = Cluster.programs.appending(path: "sqs")
        let redis = ["HEADGATE_REDIS": "redis://127.0.0.1:1"]
        for (arguments, environment, text) in [
            (["--port", "70000"], redis, "--port: expected 0 to 65535"),
            (["--account", "12"], redis, "--account: expected twelve digits"),
            (["--region", "US"], redis, "--region: expected a region"),
            ([], redis.merging(["HEADGATE_SQS_KEYS": "a"]) { $1 }, "HEADGATE_SQS_KEYS: expected ID:SECRET"),
            ([], [:], "HEADGATE_REDIS"),
        ] {
            let run = try await ProgramRun(sqs, arguments, environment: environment, within: .seconds(20))
            #expect(run.status == 64 && run.errors.contains(text), "\(run)")
        }
    }
}
