import Flows
import Model
import Testing

/// Which mistakes are reported together, where, and how many.
@Suite struct MistakeTests {
    private func pointers(_ json: String) throws -> [String] { mistakes(in: try JSON(parsing: json)).map(\.pointer) }

    @Test func `mistakes of form do not hide those of types`() throws {
        let found = try pointers(
            #"""
            {"inputs": {"n": "integer", "odd": "whatever"}, "surprise": 1,
             "steps": {
               "broken": {"type": "model.train", "with": {"dataset": "${inputs.n"}, "when": "inputs.n >", "timeout": "soon"},
               "typeless": {"with": {"x": "${inputs.nothing}"}},
               "later": {"type": "map"},
               "fine": {"type": "http", "when": "inputs.n", "onError": "ignore",
                        "with": {"url": 1, "body": ["${inputs.nothing}", "${broken.model}", "${typeless.x.y}", "${later.z}", "${inputs.odd}"]}},
               "stranger": {"type": "a.b", "when": "inputs.n", "with": {"x": "${inputs.nothing}"}}},
             "outputs": {"a": "${broken.modell}", "b": "${nobody.x}"}}
            """#)
        #expect(
            Set(found) == [
                "/inputs/odd", "/surprise", "/steps/broken/with/dataset", "/steps/broken/when", "/steps/broken/timeout",
                "/steps/typeless/type", "/steps/typeless/with/x", "/steps/later/type", "/steps/fine/onError",
                "/steps/fine/when", "/steps/fine/with/url", "/steps/fine/with/body/0", "/steps/stranger/type",
                "/steps/stranger/when", "/steps/stranger/with/x", "/outputs/a", "/outputs/b",
            ], "\(found)")
        #expect(Set(found).count == found.count)
    }

    @Test(arguments: ["{}", #"{"steps": {}}"#, #"{"steps": 1, "outputs": {"a": "${x.y}"}}"#])
    func `without steps there is nothing else to say`(json: String) throws {
        #expect(try pointers(json).count == 1)
    }

    @Test(
        arguments: [
            (["a": ["b": "${nobody.x}"]], ["/a/b"]), ([["${nobody.x}"], "${nobody.y}"], ["/0/0", "/1"]),
            (["a/b": "x ${nobody.x} ${noone.y}"], ["/a~1b", "/a~1b"]), (["a": ["b": "${inputs.nothing}"]], ["/a/b"]),
        ] as [(JSON, [String])])
    func `a reference is reported where it stands`(body: JSON, places: [String]) {
        #expect(mistakes(body: body).map(\.pointer) == places.map { "/steps/probe/with/body\($0)" })
    }

    @Test func `every wrong element is reported, up to ten`() throws {
        func found(_ elements: String) throws -> [FieldError] {
            mistakes(
                in: try JSON(
                    parsing: """
                        {"inputs": {"x": {"type": "list<integer>", "default": \(elements)}},
                         "steps": {"s": {"type": "wait", "with": {"for": "1s"}}}}
                        """))
        }
        #expect(try found(#"[1, "2", 3, "4"]"#).map(\.pointer) == ["/inputs/x/default/1", "/inputs/x/default/3"])
        let many = "[" + Array(repeating: #""x""#, count: 50).joined(separator: ",") + "]"
        #expect(try found(many).count == 10)
        let source = mistakes(
            in: checkedFlow([
                JSON.Member("type", "model.train"),
                JSON.Member("with", ["dataset": ["uri": 1, "size": "x", "rows": 1]]),
            ]))
        #expect(source.map(\.pointer).sorted() == ["rows", "size", "uri"].map { "/steps/probe/with/dataset/\($0)" })
    }

    @Test(
        arguments: [
            ("http", ["url": ["a": "${inputs.name}"]], "url", "expected a string, found an object"),
            ("http", ["url": ["a": 1]], "url", "expected a string, found an object"),
            ("http", ["url": ["${inputs.name}"]], "url", "expected a string, found an array"),
            ("wait", ["for": ["a": "${inputs.after}"]], "for", "found an object"),
            ("model.train", ["dataset": ["${inputs.source}"]], "dataset", "found an array"),
            ("model.train", ["dataset": ["digest": "${inputs.name}"]], "dataset", "needs a uri"),
            ("model.train", ["dataset": ["digest": "x"]], "dataset", "needs a uri"),
            ("http", ["url": "http://x", "headers": ["${inputs.name}"]], "headers", "found an array"),
            ("http", ["url": "ftp://x"], "url", "must begin with http:// or https://"),
            ("http", ["url": "not a url"], "url", "contains a space"),
            ("http", ["url": "http://x", "method": "FROB NICATE"], "method", "expected one of GET"),
            ("http", ["url": "http://x", "headers": ["a b": "c"]], "headers/a b", "not a header name"),
            ("http", ["url": "http://x", "headers": ["a b": "${inputs.name}"]], "headers/a b", "not a header name"),
            ("http", ["url": "http://x", "headers": ["A": "b\r\nC: d"]], "headers/A", "cannot contain CR"),
            ("http", ["url": "http://x", "body": ["n": .number("1e400")]], "body/n", "beyond the range of numbers"),
        ] as [(String, JSON, String, String)])
    func `the wrong kind of value is called what it is`(type: String, with: JSON, field: String, detail: String) {
        let found = mistakes(in: checkedFlow([JSON.Member("type", .string(type)), JSON.Member("with", with)]))
        #expect(found.count == 1 && found[0].pointer == "/steps/probe/with/\(field)", "\(found)")
        #expect(found[0].detail.contains(detail), "\(found)")
    }

    @Test func `more than a hundred mistakes are counted`() throws {
        func found(_ count: Int) -> [FieldError] {
            mistakes(body: .array((0..<count).map { .string("${nobody.x\($0)}") }))
        }
        #expect(found(100).count == 100)
        #expect(found(101).count == 101 && found(101).last?.detail == "there is 1 more mistake")
        #expect(found(150).count == 101 && found(150).last?.detail == "there are 50 more mistakes")
    }

    @Test func `a step waits for at most 200 others`() {
        func found(_ count: Int) -> [String] {
            let after = JSON.array(Array(repeating: "train", count: count))
            return mistakes(
                in: checkedFlow([
                    JSON.Member("type", "wait"), JSON.Member("with", ["for": "1s"]), JSON.Member("after", after),
                ])
            ).map(\.pointer)
        }
        #expect(found(200) == [] && found(201) == ["/steps/probe/after"])
    }

    // MARK: Durations

    @Test(arguments: [("1y", 365), ("2w", 14), ("1y6d", 371), ("10y", 3_650), ("1y1w", 372)])
    func `a flow may take years, of 365 days each`(text: String, days: Int64) throws {
        let steps: JSON = ["x": ["type": "wait", "with": ["for": "1s"], "totalTimeout": .string(text)]]
        let flow = try FlowDefinition(["steps": steps, "timeout": .string(text)])
        #expect(flow.timeout == .seconds(days * 86_400) && flow.steps[0].timeouts.total == flow.timeout)
    }

    @Test(arguments: ["1.5y", "1d1y", "1y1y", "y", "11y", "P1Y", "1 y", "-1y", "99999999999y", "1month"])
    func `other years are refused, with what is accepted`(text: String) {
        let found = mistakes(
            in: ["steps": ["x": ["type": "wait", "with": ["for": "1s"]]], "timeout": .string(text)])
        #expect(found.map(\.pointer) == ["/timeout"])
        #expect(found.allSatisfy { $0.detail.contains("y (365 days), w, d, h, m, s, ms") }, "\(found)")
    }
}
