import Lambda
import Model
import Testing

/// Mappings in the Lambda API. Rows are those of docs/lambda-and-sqs.md.
@Suite struct MappingCatalogTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_250)
    private let queue = "arn:aws:sqs:us-east-1:000000000000:orders"

    private func source(
        _ function: String = "work", timeout: Int = 3, visibility: Int? = 30
    ) -> MappingSource {
        MappingSource(
            account: "000000000000", region: "us-east-1",
            functionARN: "arn:aws:lambda:us-east-1:000000000000:function:\(function)", functionTimeout: timeout,
            queueVisibility: visibility)
    }
    private func body(_ more: [JSON.Member] = [], queue: String? = nil) -> JSON {
        .object([.init("EventSourceArn", .string(queue ?? self.queue)), .init("FunctionName", "work")] + more)
    }
    private func refusal(_ call: () throws(LambdaError) -> Void) -> LambdaError? {
        do { try call() } catch { return error }
        return nil
    }

    @Test("row 34: a mapping that names nothing has the defaults, and is in the state Creating")
    func defaults() throws {
        var catalog = MappingCatalog()
        let record = try catalog.create(body(), uuid: "u1", source: source(), now: now)
        #expect(
            record.json == [
                "UUID": "u1", "BatchSize": 10, "MaximumBatchingWindowInSeconds": 0,
                "EventSourceArn": .string(queue),
                "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:work", "FunctionResponseTypes": [],
                "LastModified": .number("1790000000.25"), "State": "Creating",
                "StateTransitionReason": "USER_INITIATED",
                "EventSourceMappingArn": "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:u1",
            ])
    }

    @Test("rows 34 to 37: what a mapping names comes back, also from where it is stored")
    func settings() throws {
        let pattern = #"{"body":{"kind":["order"]}}"#
        let record = try MappingRecord(
            creating: body([
                .init("BatchSize", 100), .init("MaximumBatchingWindowInSeconds", 5),
                .init("FilterCriteria", ["Filters": [["Pattern": .string(pattern)]]]),
                .init("FunctionResponseTypes", ["ReportBatchItemFailures"]),
                .init("ScalingConfig", ["MaximumConcurrency": 10]), .init("Enabled", false),
                .init("DestinationConfig", ["OnFailure": [:]]), .init("KMSKeyArn", nil),
            ]), uuid: "u1", source: source("work:live"), now: now)
        let json = record.json
        #expect(json["BatchSize"] == 100 && json["MaximumBatchingWindowInSeconds"] == 5)
        #expect(json["FilterCriteria"] == ["Filters": [["Pattern": .string(pattern)]]])
        #expect(json["FunctionResponseTypes"] == ["ReportBatchItemFailures"])
        #expect(json["ScalingConfig"] == ["MaximumConcurrency": 10])
        #expect(record.functionName == "work:live")
        #expect(record.settled.state == .disabled)
        #expect(MappingRecord(stored: record.stored) == record)
        #expect(MappingRecord(stored: try JSON(parsing: record.stored.serialized)) == record)
        for member in record.stored.members ?? [] where member.name != "maximumConcurrency" {
            let rest = record.stored.members?.filter { $0.name != member.name } ?? []
            #expect(MappingRecord(stored: .object(rest)) == nil, "without \(member.name)")
        }
    }

    @Test("rows 34 and 38: what is refused")
    func refusals() throws {
        let invalid = "InvalidParameterValueException"
        let other = "arn:aws:sqs:eu-west-1:000000000000:orders"
        let cases: [(JSON, MappingSource, String, String)] = [
            (body([.init("BatchSize", 0)]), source(), invalid, "Batch size must be between 1 and 10000"),
            (body([.init("BatchSize", 11)]), source(), invalid, "must be greater than 0 if maximum batch size"),
            (body([.init("BatchSize", 11)], queue: queue + ".fifo"), source(), invalid, "for FIFO queues"),
            (body([.init("BatchSize", "x")]), source(), "SerializationException", "BatchSize: STRING_VALUE"),
            (
                body([.init("ScalingConfig", ["MaximumConcurrency": 1])]), source(), invalid,
                "Maximum concurrency must be between 2 and 1000."
            ),
            (
                body([.init("FilterCriteria", ["Filters": [["Pattern": "x"]]])]), source(), invalid,
                "Invalid filter pattern definition."
            ),
            (body([.init("FilterCriteria", ["Filters": [[:]]])]), source(), invalid, "Invalid filter pattern"),
            (
                body([.init("FunctionResponseTypes", ["Other"])]), source(), "ValidationException",
                "1 validation error detected: Value '[Other]' at 'functionResponseTypes' failed to satisfy constraint"
            ),
            (
                body([.init("DestinationConfig", ["OnFailure": ["Destination": "arn:aws:sqs:x"]])]), source(), invalid,
                "Unsupported DestinationConfig parameter for given event source mapping type."
            ),
            (body([.init("MaximumRetryAttempts", 2)]), source(), invalid, "Unsupported MaximumRetryAttempts"),
            (
                body([.init("StartingPosition", "LATEST")]), source(), invalid,
                "StartingPosition is not valid for SQS event sources."
            ),
            (["FunctionName": "work"], source(), invalid, "Unrecognized event source."),
            (body(queue: "arn:aws:kinesis:us-east-1:000000000000:stream/x"), source(), invalid, "Unrecognized"),
            (body(queue: other), source(), invalid, "Unsupported source arn : \(other)"),
            (
                body(), source(timeout: 60), invalid,
                "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"
            ),
            (body(), source(visibility: nil), invalid, "AWS.SimpleQueueService.NonExistentQueue"),
            ("x", source(), "InvalidRequestContentException", "Could not parse request body into json"),
        ]
        for (body, source, type, text) in cases {
            let found = refusal { () throws(LambdaError) in
                _ = try MappingRecord(creating: body, uuid: "u1", source: source, now: now)
            }
            #expect(found?.type == type && found?.status == 400, "\(body): \(found.map { "\($0)" } ?? "accepted")")
            #expect(found?.message.contains(text) == true, "\(body): \(found?.message ?? "accepted")")
        }
    }

    @Test("row 37: the same source and function twice is a conflict, also by an update")
    func twice() throws {
        var catalog = MappingCatalog()
        _ = try catalog.create(body(), uuid: "u1", source: source(), now: now)
        let found = refusal { () throws(LambdaError) in
            _ = try catalog.create(body(), uuid: "u2", source: source(), now: now)
        }
        #expect(
            found?.message
                == "An event source mapping with SQS arn (\" \(queue) \") and function (\" work \") already exists. Please update or delete the existing mapping with UUID u1"
        )
        #expect(found?.type == "ResourceConflictException" && found?.status == 409)
        _ = try catalog.create(body(), uuid: "u2", source: source("other"), now: now)
        catalog.settle("u2")
        let moved = refusal { () throws(LambdaError) in
            _ = try catalog.update("u2", by: ["FunctionName": "work"], source: source(), now: now)
        }
        #expect(moved?.status == 409)
        #expect(try catalog.mapping("u2").functionName == "other")
    }

    @Test("the states that a client sees: Creating, Updating, Disabling, Enabling, Deleting, and then none")
    func states() throws {
        var catalog = MappingCatalog()
        var states = [try catalog.create(body(), uuid: "u1", source: source(), now: now).state]
        catalog.settle("u1")
        states.append(try catalog.mapping("u1").state)
        for body: JSON in [["BatchSize": 5], ["Enabled": false], ["BatchSize": 6], ["Enabled": true]] {
            let later = now + .seconds(states.count)
            let changed = try catalog.update("u1", by: body, source: source(), now: later)
            #expect(changed.modified == later)
            states.append(changed.state)
            catalog.settle("u1")
            states.append(try catalog.mapping("u1").state)
        }
        states.append(try catalog.delete("u1", now: now).state)
        #expect(
            states == [
                .creating, .enabled, .updating, .enabled, .disabling, .disabled, .updating, .disabled, .enabling,
                .enabled, .deleting,
            ])
        #expect(try catalog.mapping("u1").isEnabled == false)
        catalog.settle("u1")
        catalog.settle("u1")
        #expect(catalog.mappings.isEmpty)
    }

    @Test("a mapping in a state that passes is in use")
    func inUse() throws {
        var catalog = MappingCatalog()
        _ = try catalog.create(body(), uuid: "u1", source: source(), now: now)
        let update = refusal { () throws(LambdaError) in
            _ = try catalog.update("u1", by: [:], source: source(), now: now)
        }
        #expect(
            update
                == LambdaError(
                    "ResourceInUseException", "Cannot update the event source mapping because it is in use."))
        let deletion = refusal { () throws(LambdaError) in _ = try catalog.delete("u1", now: now) }
        #expect(deletion?.message == "Cannot delete the event source mapping because it is in use.")
    }

    @Test("an update changes what it names, and removes what it names empty")
    func updates() throws {
        let record = try MappingRecord(
            creating: body([
                .init("BatchSize", 100), .init("MaximumBatchingWindowInSeconds", 5),
                .init("FilterCriteria", ["Filters": [["Pattern": #"{"body":["x"]}"#]]]),
                .init("FunctionResponseTypes", ["ReportBatchItemFailures"]),
                .init("ScalingConfig", ["MaximumConcurrency": 10]),
            ]), uuid: "u1", source: source(), now: now
        ).settled
        func updated(_ body: JSON) throws -> MappingRecord {
            try record.updated(by: body, source: source(), now: now).settled
        }
        #expect(try updated([:]) == record)
        #expect(try updated(["FilterCriteria": nil, "ScalingConfig": nil]) == record)
        #expect(try updated(["BatchSize": 50]).configuration.batchSize == 50)
        #expect(try updated(["FilterCriteria": [:]]).json["FilterCriteria"] == JSON?.none)
        #expect(try updated(["FilterCriteria": ["Filters": []]]).configuration.accepts(body: "y"))
        #expect(try updated(["FunctionResponseTypes": []]).configuration.reportsItemFailures == false)
        #expect(try updated(["ScalingConfig": [:]]).configuration.maximumConcurrency == nil)
        #expect(
            refusal { () throws(LambdaError) in
                _ = try record.updated(by: ["MaximumBatchingWindowInSeconds": 0], source: source(), now: now)
            } != nil, "a batch of 100 needs a window")
        #expect(
            try record.updated(by: ["Enabled": false], source: source(visibility: nil), now: now).state == .disabling,
            "also when its queue is gone")
        #expect(
            refusal { () throws(LambdaError) in
                _ = try record.updated(by: [:], source: source(timeout: 31), now: now)
            } != nil)
    }

    @Test("a UUID that is not there is 404")
    func unknown() {
        var catalog = MappingCatalog()
        let expected = LambdaError(
            "ResourceNotFoundException", "The resource you requested does not exist.", status: 404)
        #expect(throws: expected) { try catalog.mapping("u1") }
        #expect(throws: expected) { try catalog.update("u1", by: [:], source: source(), now: now) }
        #expect(throws: expected) { try catalog.delete("u1", now: now) }
    }

    @Test("a list is by UUID, of a queue or a function, in pages of at most 100")
    func lists() throws {
        var catalog = MappingCatalog()
        for number in 100..<350 {
            _ = try catalog.create(
                body(queue: number % 2 == 0 ? queue : queue + "2"), uuid: "u\(number)", source: source("f\(number)"),
                now: now)
        }
        var (found, marker, pages): ([String], String?, Int) = ([], nil, 0)
        repeat {
            let page = try catalog.list(sourceARN: queue, marker: marker, maximum: 1_000)
            #expect(page.mappings.count <= 100)
            #expect(page.json["NextMarker"]?.text == page.nextMarker)
            found += page.mappings.map(\.uuid)
            marker = page.nextMarker
            pages += 1
        } while marker != nil
        #expect(found == (100..<350).filter { $0 % 2 == 0 }.map { "u\($0)" } && pages == 2)
        #expect(try catalog.list(maximum: 3).nextMarker == "u102")
        #expect(
            try catalog.list(functionARN: source("f200").functionARN).json["EventSourceMappings"]?.elements?.count == 1)
        for maximum in [0, 10_001] {
            #expect(
                refusal { () throws(LambdaError) in _ = try catalog.list(maximum: maximum) }?.type
                    == "ValidationException")
        }
    }
}
