import Lambda
import Model
import Testing

/// The rows of docs/lambda-and-sqs.md about mappings, as far as they are decided without I/O.
@Suite struct MappingTests {
    private let start = Timestamp(seconds: 1_790_000_000)

    @Test("row 34: what a mapping may be")
    func configurations() throws {
        func refusal(_ body: () throws(LambdaError) -> MappingConfiguration) -> String? {
            do { _ = try body() } catch { return error.message }
            return nil
        }
        for (size, window, isFIFO, text) in [
            (0, 0, false, "Batch size must be between 1 and 10000"), (10_001, 1, false, "Batch size must be between"),
            (11, 0, true, "between 1 and 10 for FIFO"), (11, 0, false, "must be greater than 0 if"),
            (10, 301, false, "between 0 and 300"), (10, -1, false, "between 0 and 300"),
            (10, 1, true, "not supported for FIFO"),
        ] {
            let found = refusal { () throws(LambdaError) in
                try MappingConfiguration(batchSize: size, window: window, isFIFO: isFIFO)
            }
            #expect(found?.contains(text) == true, "\(size), \(window), \(isFIFO): \(found ?? "accepted")")
        }
        for maximum in [1, 1_001] {
            #expect(
                refusal { () throws(LambdaError) in
                    try MappingConfiguration(maximumConcurrency: maximum, isFIFO: false)
                } != nil)
        }
        for (size, window) in [(1, 0), (10, 0), (10_000, 1), (11, 300)] {
            #expect(try MappingConfiguration(batchSize: size, window: window, isFIFO: false).batchSize == size)
        }
        #expect(
            refusal { () throws(LambdaError) in
                try MappingConfiguration(filters: Array(repeating: #"{"body":["x"]}"#, count: 6), isFIFO: false)
            } != nil)
        #expect(try MappingConfiguration(isFIFO: true).batchSize == 10)
    }

    @Test("row 34: a batch is handed over when it is full, when its window has passed, or at 6 MB")
    func gathering() throws {
        let plain = try MappingConfiguration(batchSize: 3, isFIFO: false)
        var batch = BatchGathering<Int>(plain)
        #expect(batch.add(1, bytes: 10, now: start) == [])
        #expect(batch.flush(now: start) == [1], "without a window what is there goes at once")
        for number in 1...2 { #expect(batch.add(number, bytes: 10, now: start) == []) }
        #expect(batch.add(3, bytes: 10, now: start) == [[1, 2, 3]])
        #expect(batch.count == 0 && batch.deadline == nil)

        var slow = BatchGathering<Int>(try MappingConfiguration(batchSize: 10_000, window: 5, isFIFO: false))
        #expect(slow.add(1, bytes: 10, now: start) == [])
        #expect(slow.add(2, bytes: 10, now: start + .seconds(4)) == [])
        #expect(slow.flush(now: start + .milliseconds(4_999)) == nil)
        #expect(slow.flush(now: start + .seconds(5)) == [1, 2], "the window counts from the first message")
        let half = MappingConfiguration.longestEvent / 2
        #expect(slow.add(1, bytes: half, now: start) == [])
        #expect(slow.add(2, bytes: half, now: start) == [[1, 2]], "exactly 6 MB")
        #expect(slow.add(1, bytes: half, now: start) == [])
        #expect(slow.add(2, bytes: half + 1, now: start) == [[1]], "one byte more")
        #expect(slow.flush(now: start + .seconds(5)) == [2])
    }

    @Test("row 35: what a pattern matches")
    func filters() throws {
        func matches(_ pattern: String, _ body: String) throws -> Bool {
            try FilterPattern(pattern).matches(body: body)
        }
        for (pattern, body, expected) in [
            (#"{"body":{"kind":["order"]}}"#, #"{"kind":"order"}"#, true),
            (#"{"body":{"kind":["order"]}}"#, #"{"kind":"Order"}"#, false),
            (#"{"body":{"kind":["order","return"]}}"#, #"{"kind":"return"}"#, true),
            (#"{"body":{"kind":["order"],"n":[5]}}"#, #"{"kind":"order","n":5.0}"#, true),
            (#"{"body":{"kind":["order"],"n":[5]}}"#, #"{"kind":"order"}"#, false),
            (#"{"body":{"a":{"b":[true]}}}"#, #"{"a":{"b":true}}"#, true),
            (#"{"body":{"a":[null]}}"#, #"{"a":null}"#, true), (#"{"body":{"a":[""]}}"#, #"{"a":""}"#, true),
            (#"{"body":{"a":[{"prefix":"x"}]}}"#, #"{"a":"xy"}"#, true),
            (#"{"body":{"a":[{"suffix":"y"}]}}"#, #"{"a":"xy"}"#, true),
            (#"{"body":{"a":[{"suffix":"y"}]}}"#, #"{"a":"yx"}"#, false),
            (#"{"body":{"a":[{"equals-ignore-case":"X"}]}}"#, #"{"a":"x"}"#, true),
            (#"{"body":{"a":[{"prefix":{"equals-ignore-case":"X"}}]}}"#, #"{"a":"xy"}"#, true),
            (#"{"body":{"a":[{"numeric":[">",0,"<=",5]}]}}"#, #"{"a":5}"#, true),
            (#"{"body":{"a":[{"numeric":[">",0,"<=",5]}]}}"#, #"{"a":5.1}"#, false),
            (#"{"body":{"a":[{"numeric":["=",5]}]}}"#, #"{"a":"5"}"#, false),
            (#"{"body":{"a":[{"exists":true}]}}"#, #"{"a":null}"#, true),
            (#"{"body":{"a":[{"exists":true}]}}"#, #"{"b":1}"#, false),
            (#"{"body":{"a":[{"exists":false}]}}"#, #"{"b":1}"#, true),
            (#"{"body":{"a":[{"anything-but":["x","y"]}]}}"#, #"{"a":"z"}"#, true),
            (#"{"body":{"a":[{"anything-but":"x"}]}}"#, #"{"a":"x"}"#, false),
            (#"{"body":{"a":[{"anything-but":{"prefix":"x"}}]}}"#, #"{"a":"xy"}"#, false),
            (#"{"body":{"a":[{"anything-but":[5]}]}}"#, #"{"a":5}"#, false),
            (#"{"body":{"a":[{"anything-but":[5]}]}}"#, #"{}"#, false),
            (#"{"body":{"tags":["b"]}}"#, #"{"tags":["a","b"]}"#, true),
            (#"{"body":{"items":{"id":[2]}}}"#, #"{"items":[{"id":1},{"id":2}]}"#, true),
            (#"{"body":{"a":[1]},"$or":[{"body":{"b":[1]}},{"body":{"c":[1]}}]}"#, #"{"a":1,"c":1}"#, true),
            (#"{"body":{"a":[1]},"$or":[{"body":{"b":[1]}},{"body":{"c":[1]}}]}"#, #"{"a":1,"d":1}"#, false),
            (#"{"body":["text"]}"#, "text", true), (#"{"body":[{"prefix":"te"}]}"#, "text", true),
            (#"{"body":["text"]}"#, #"{"a":1}"#, false), (#"{"body":{"a":[1]}}"#, "text", false),
        ] {
            #expect(try matches(pattern, body) == expected, "\(pattern) and \(body)")
        }
    }

    @Test(
        "row 35: what is no pattern",
        arguments: [
            "", "x", "[]", "{}", #"{"body":"x"}"#, #"{"body":[]}"#, #"{"body":{}}"#, #"{"body":[["x"]]}"#,
            #"{"body":[{"prefix":5}]}"#, #"{"body":[{"unknown":"x"}]}"#, #"{"body":[{"numeric":[">"]}]}"#,
            #"{"body":[{"numeric":["!",5]}]}"#, #"{"body":[{"exists":"x"}]}"#, #"{"body":[{"anything-but":[]}]}"#,
            #"{"body":[{"prefix":"a","suffix":"b"}]}"#, #"{"$or":[{"body":["x"]}]}"#,
            #"{"body":[""# + String(repeating: "x", count: 4_096) + #""]}"#,
        ])
    func wrongFilters(pattern: String) {
        #expect(throws: LambdaError.invalid("Invalid filter pattern definition.")) { try FilterPattern(pattern) }
    }

    @Test("row 35: one of several patterns is enough")
    func severalFilters() throws {
        let configuration = try MappingConfiguration(
            filters: [#"{"body":{"a":[1]}}"#, #"{"body":{"b":[1]}}"#], isFIFO: false)
        #expect(configuration.accepts(body: #"{"b":1}"#) && !configuration.accepts(body: #"{"c":1}"#))
        #expect(try MappingConfiguration(isFIFO: false).accepts(body: "anything"))
    }

    @Test("row 36: what an answer settles, where items are reported")
    func reports() {
        func verdict(_ answer: String?, reports: Bool = true) -> BatchVerdict {
            BatchVerdict(answer: answer.map { Array($0.utf8) }, ids: ["a", "b"], reportsItemFailures: reports)
        }
        for success in [
            "", " ", "null", "{}", #"{"batchItemFailures":[]}"#, #"{"batchItemFailures":null}"#, #"{"other":1}"#,
        ] {
            #expect(verdict(success) == .all, "\(success)")
        }
        for failure in [
            nil, "x", "{", "[]", "5", #""text""#, #"{"batchItemFailures":5}"#,
            #"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            #"{"batchItemFailures":[{"itemIdentifier":null}]}"#, #"{"batchItemFailures":[{"itemIdentifier":"c"}]}"#,
            #"{"batchItemFailures":[{"itemIdentifer":"a"}]}"#, #"{"batchItemFailures":[{"itemIdentifier":"a"},{}]}"#,
            #"{"batchItemFailures":["a"]}"#,
        ] {
            #expect(verdict(failure) == BatchVerdict.none, "\(failure ?? "failed")")
        }
        let part = verdict(#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#)
        #expect(part == .allBut(["b"]))
        #expect(part.deleted(of: ["a", "b"]) == ["a"])
        for answer in ["x", #"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#] {
            #expect(verdict(answer, reports: false) == .all, "without reported items any answer is a success")
        }
        #expect(verdict(nil, reports: false) == BatchVerdict.none)
    }

    @Test("row 37: 5 at once, 300 more a minute up to 1,250, and 2 when idle")
    func scale() {
        var scale = ConcurrencyScale(maximum: nil, now: start)
        #expect(scale.allowed(at: start + .seconds(600)) == 2)
        scale.sawBacklog(at: start)
        for (seconds, expected) in [(0, 5), (1, 10), (60, 305), (120, 605), (248, 1_245), (249, 1_250), (1_000, 1_250)]
        {
            scale.sawBacklog(at: start + .seconds(seconds))
            #expect(scale.allowed(at: start + .seconds(seconds)) == expected, "after \(seconds) s")
        }
        scale.sawFailure(at: start + .seconds(1_000))
        #expect(scale.allowed(at: start + .seconds(1_000)) == 625)
        #expect(scale.allowed(at: start + .seconds(1_060)) == 925)
        scale.sawEmpty(at: start + .seconds(1_060))
        #expect(scale.allowed(at: start + .seconds(1_061)) == 2)
        scale.sawBacklog(at: start + .seconds(1_062))
        #expect(scale.allowed(at: start + .seconds(1_062)) == 5)
    }

    @Test("row 37: a maximum is never exceeded", arguments: [2, 10, 1_000])
    func maximum(limit: Int) {
        var scale = ConcurrencyScale(maximum: limit, now: start)
        scale.sawBacklog(at: start)
        for seconds in 0...400 { #expect(scale.allowed(at: start + .seconds(seconds)) <= limit) }
        #expect(scale.allowed(at: start + .seconds(400)) == limit)
    }
}
