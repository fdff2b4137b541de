import Flows
import Model
import Testing

/// `${…}` in what a flow's steps are given.
@Suite struct TemplateTests {
    private static func lookUp(_ name: String) -> ExpressionName? {
        switch name {
        case "train":
            .value(
                ExpressionValue([
                    "model": ["uri": "s3://m/1"], "epochs": 12, "auc": .number("0.875"), "ok": true,
                    "tags": ["a", "b"],
                    "nothing": nil, "a b": 1,
                ]))
        case "inputs": .value(ExpressionValue(["name": "Ada"]))
        case "skipped": .absent
        default: nil
        }
    }

    private func value(_ json: JSON) throws -> ExpressionValue {
        var errors: [FieldError] = []
        let template = FlowTemplate(json, at: "/with", errors: &errors)
        #expect(errors.isEmpty, "\(errors)")
        return try template.value(TemplateTests.lookUp)
    }

    @Test(
        arguments: [
            ("plain", "plain"), ("", ""), ("$", "$"), ("a$b", "a$b"), ("$5 {x}", "$5 {x}"),
            ("$${train.model}", "${train.model}"),
            ("$$${inputs.name}", "$${inputs.name}"), ("${train.epochs}", 12), ("${train.auc}", .number("0.875")),
            ("${train.ok}", true), ("${train.nothing}", nil), ("${train.tags}", ["a", "b"]),
            ("${train.model}", ["uri": "s3://m/1"]), ("${train.tags[1]}", "b"), ("${train[\"a b\"]}", 1),
            ("${ train.epochs }", 12), ("hello ${inputs.name}!", "hello Ada!"),
            ("${inputs.name}${inputs.name}", "AdaAda"),
            ("${train.epochs} ${train.auc} ${train.ok}", "12 0.875 true"), ("$${x} ${inputs.name}", "${x} Ada"),
            ("${skipped.x ?? 0}", 0), ("${skipped.x ?? \"a } b ?? c\"}", "a } b ?? c"), ("${train.f1 ?? null}", nil),
            ("${train.tags[9] ?? -1.5}", .number("-1.5")), ("${train.epochs ?? 0}", 12),
            ("x ${skipped.x ?? true}", "x true"),
            (["a": ["${train.epochs}", "b"], "c": [:]], ["a": [12, "b"], "c": [:]]),
        ] as [(JSON, JSON)])
    func `a template has this value`(json: JSON, expected: JSON) throws {
        #expect(try value(json) == ExpressionValue(expected))
    }

    @Test(
        arguments: [
            ("${skipped.x}", .absent), ("${train.f1}", .absent), ("${nobody.x}", .absent), ("x ${train.tags}", .type),
            ("x ${train.model}", .type), ("x ${train.nothing}", .type), ("${inputs.name.x ?? 1}", .type),
        ] as [(JSON, ExpressionError.Code)])
    func `what has no value says why`(json: JSON, code: ExpressionError.Code) {
        let error = #expect(throws: ExpressionError.self) { try value(json) }
        #expect(error?.code == code)
    }

    @Test(arguments: [
        "${", "a ${train.model", "${}", "${train.model + 1}", "${size(train.tags)}", "${has(train.model)}", "${1}",
        "${train.tags[0 + 1]}", "${train.x ?? }", "${train.x ?? [1]}", "${train.x ?? y}", "${train..x}",
        "${train.x \"}",
    ])
    func `a reference that cannot be read is named by its pointer`(text: String) {
        var errors: [FieldError] = []
        _ = FlowTemplate(["a/b": [.string(text)]], at: "/with", errors: &errors)
        #expect(errors.map(\.pointer) == ["/with/a~1b/0"], "\(errors)")
    }

    @Test func `all mistakes are reported together, and references in order`() {
        var errors: [FieldError] = []
        let json: JSON = ["a": "${", "b": ["${1}"], "c": "${x.y} and ${z}", "d": "${w ?? 1}"]
        let template = FlowTemplate(json, at: "", errors: &errors)
        #expect(errors.map(\.pointer) == ["/a", "/b/0"])
        #expect(template.references.map(\.root) == ["x", "z", "w"])
        #expect(template.references.map { $0.fallback != nil } == [false, false, true])
    }

    /// The lexer of conditions decides where a reference ends.
    @Test(
        arguments: [
            (#"${train["x\"}y"]}"#, 1), (#"${train['x"}y']}"#, 1), (#"${train["x\"}y"] ?? 2}"#, 1),
            (#"${train["x'}y"] ?? "a\"}b"}"#, #"a"}b"#), (#"${train["a ?? b"] ?? 3}"#, 3), (#"${train[r'\'] ?? 4}"#, 4),
            (#"a ${train["x\"}y"]} b"#, "a 1 b"), (#"${train.f ?? "\\"}"#, #"\"#), (#"${train['a\'}b'] ?? 5}"#, 5),
            (#"${train["""x"}y"""]}"#, 2), (#"${train.f ?? "é\u00e9\/"}"#, "éé/"), ("${train.f ?? 6 }}", "6}"),
        ] as [(String, JSON)])
    func `quotes within a reference may have braces`(text: String, expected: JSON) throws {
        var errors: [FieldError] = []
        let template = FlowTemplate(.string(text), at: "", errors: &errors)
        #expect(errors == [])
        let names: JSON = ["x\"}y": 1, "x\"}y\"": 3]
        let value = try template.value { _ in .value(ExpressionValue(text.contains("\"\"\"") ? ["x\"}y": 2] : names)) }
        #expect(value == ExpressionValue(expected))
    }

    @Test func `a text that grows beyond all bounds is an error that names its field`() throws {
        let long = String(repeating: "x", count: 16_384)
        func value(_ json: JSON) throws -> ExpressionValue {
            var errors: [FieldError] = []
            return try FlowTemplate(json, at: "", errors: &errors).value { _ in .value(.map(["t": .string(long)])) }
        }
        func repeated(_ count: Int) -> JSON { .string(String(repeating: "${a.t}", count: count)) }
        #expect(try value(repeated(4)) == .string(String(repeating: long, count: 4)))
        for (json, place) in [(repeated(5), ""), (repeated(200), ""), (["b": ["x", repeated(5)]], "/b/1")]
            as [(JSON, String)]
        {
            let error = #expect(throws: ExpressionError.self) { try value(json) }
            #expect(error?.code == .tooLong && "\(error!)".contains(place), "\(error!)")
        }
        // Nor do many of them, or values as a whole.
        for json in [
            .array(Array(repeating: repeated(4), count: 200)), .array(Array(repeating: "${a.t}", count: 200)),
        ] as [JSON] {
            let error = #expect(throws: ExpressionError.self) { try value(json) }
            #expect(error?.code == .tooLong)
        }
        #expect(throws: Never.self) { try value(.array(Array(repeating: "${a.t}", count: 60))) }
    }

    @Test(
        arguments: [
            ("${train.metrics.f1}", "${train.metrics.f1}", "train.metrics.f1"),
            ("x ${skipped.x}", "${skipped.x}", "skipped"),
            ("${train.tags[7]}", "${train.tags[7]}", "train.tags[7]"), ("x ${train.tags}", "${train.tags}", "list"),
            ("${train['a b'].c}", "${train['a b'].c}", "train[\"a b\"]"),
            ("${train.auc.x ?? 1}", "${train.auc.x ?? 1}", "train.auc"),
        ])
    func `an error quotes the reference and the path that is missing`(text: String, reference: String, path: String) {
        var errors: [FieldError] = []
        let template = FlowTemplate(["a": [.string(text)]], at: "", errors: &errors)
        let error = #expect(throws: ExpressionError.self) {
            try template.value { name in
                name == "skipped"
                    ? .absent
                    : .value(ExpressionValue(["metrics": ["auc": 1], "tags": ["secret"], "auc": 1, "a b": "secret"]))
            }
        }
        let message = "\(error!)"
        #expect(message.contains(reference) && message.contains(path) && message.contains("/a/0"), "\(message)")
        #expect(!message.contains("secret"))
    }
}
