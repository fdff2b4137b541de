import Flows
import Model
import Testing

/// What an author writes reaches the call as it was written, and names are what they are to the code point.
@Suite struct WrittenValueTests {
    private static func template(_ json: String) throws -> FlowTemplate {
        var errors: [FieldError] = []
        let template = FlowTemplate(try JSON(parsing: json), at: "", errors: &errors)
        #expect(errors == [])
        return template
    }

    private static func lookUp(_ name: String) -> ExpressionName? {
        switch name {
        case "inputs": .value(.map(["n": .int(7), "text": .string("x")]))
        case "gone": .absent
        default: nil
        }
    }

    @Test(arguments: [
        "12345678901234567890", "1e400", "0.10", "-0", "1E2", "1.0", "9007199254740993.0", #"{"b":1,"a":2}"#,
        #"[0.10,{"z":{"b":1e2,"a":[]}}]"#, #"{"z":"é","a":"x"}"#, "5", #""x""#, "null", "[]", "{}",
    ]) func `a literal keeps its digits and the order of its members`(json: String) throws {
        #expect(try WrittenValueTests.template(json).value { _ in nil }.json.description == json)
    }

    @Test(arguments: [
        (#"{"z":"${inputs.n}","a":0.10}"#, #"{"z":7,"a":0.10}"#), (#"[1e2,"${inputs.n}"]"#, "[1e2,7]"),
        (#"{"b":{"y":"${inputs.text}","x":1},"a":"${inputs.text}!"}"#, #"{"b":{"y":"x","x":1},"a":"x!"}"#),
        (#""${gone.x ?? 0.10}""#, "0.10"), (#""${gone.x ?? 12345678901234567890}""#, "12345678901234567890"),
        (#""v${gone.x ?? 0.10}""#, #""v0.10""#),
    ]) func `so does what stands beside references`(json: String, expected: String) throws {
        #expect(try WrittenValueTests.template(json).value(WrittenValueTests.lookUp).json.description == expected)
    }

    /// A binding refers to what a step is given by `inputs`.
    @Test(arguments: [
        ("${inputs.with.rate}", "0.10"), ("${inputs.with}", #"{"rate":0.10,"list":[{"b":1,"a":1e2}],"é":1}"#),
        ("${inputs.with.list[0]}", #"{"b":1,"a":1e2}"#), ("${inputs.with.list[0].a}", "1e2"),
        ("rate ${inputs.with.rate}", #""rate 0.10""#),
    ]) func `a binding hands literals on as they were written`(body: String, expected: String) throws {
        let given = try WrittenValueTests.template(#"{"rate":0.10,"list":[{"b":1,"a":1e2}],"é":1}"#).value { _ in nil }
        let binding = try FlowBinding(["request": ["url": "https://example.com", "body": .string(body)]])
        let call = try binding.request.rendered { $0 == "inputs" ? .value(.map(["with": given])) : nil }
        #expect(call.body.map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test func `a call of the type http has body and headers as they were written`() throws {
        let flow = try FlowDefinition(
            JSON(
                parsing: #"""
                    {"steps": {"call": {"type": "http", "with": {"url": "https://example.com",
                     "headers": {"X-B": "1", "X-A": "2"}, "body": {"b": 12345678901234567890, "a": 0.10}}}}}
                    """#))
        #expect(FlowChecker(flow).mistakes == [])
        let walk = Walk(try #require(FlowPlan(flow)))
        let call = try RenderedCall(http: try walk.state.inputs(of: 0, walk.context))
        #expect(call.body.map { String(decoding: $0, as: UTF8.self) } == #"{"b":12345678901234567890,"a":0.10}"#)
        #expect(call.headers.map(\.name).sorted() == ["X-A", "X-B"])
    }

    @Test(arguments: [
        ("given.rate == 0.1", true), ("given.rate + 0.5 > 0.5", true), ("given.list[0].a == 100", true),
        ("given.list[0] == given.list[0] && given == given", true), ("size(given) == 3", true),
        ("has(given.list) && !has(given.nothing)", true), ("'rate' in given", true), ("given.rate in [0.1]", true),
        ("size(given.list + [1]) == 2", true), ("-given.rate < 0", true), ("given.list == [given.list[0]]", true),
    ]) func `conditions read such values as any other`(text: String, holds: Bool) throws {
        let given = try WrittenValueTests.template(#"{"rate":0.10,"list":[{"b":1,"a":1e2}],"é":1}"#).value { _ in nil }
        #expect(try Expression(text).holds { $0 == "given" ? .value(given) : nil } == holds)
    }

    // MARK: Names to the code point

    private static let composed = "\u{E9}", decomposed = "e\u{301}"

    /// The same name in two normal forms: for Swift they are equal.
    @Test(arguments: [
        ("m['\(composed)'] == 1", "true"), ("m['\(decomposed)'] == 1", "absent"), ("'\(composed)' in m", "true"),
        ("'\(decomposed)' in m", "false"), ("m == n", "false"), ("m == m", "true"),
        ("'\(composed)' in ['\(decomposed)']", "false"),
        ("'\(composed)' == '\(decomposed)'", "false"), ("has(m['\(decomposed)'].x)", "false"),
        ("w['\(decomposed)'] == 0.1", "absent"), ("w['\(composed)'] == 0.1", "true"), ("'\(decomposed)' in w", "false"),
    ]) func `keys compare by code points`(text: String, outcome: String) throws {
        let written = try WrittenValueTests.template("{\"z\":1,\"\(WrittenValueTests.composed)\":0.10}").value { _ in
            nil
        }
        let expression = try Expression(text)
        let result = Result { () throws(ExpressionError) in
            try expression.holds { name in
                switch name {
                case "m": .value(.map([WrittenValueTests.composed: .int(1)]))
                case "n": .value(.map([WrittenValueTests.decomposed: .int(1)]))
                case "w": .value(written)
                default: nil
                }
            }
        }
        switch result {
        case .success(let holds): #expect("\(holds)" == outcome)
        case .failure(let error): #expect(error.code.rawValue == outcome)
        }
    }
}
