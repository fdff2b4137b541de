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
}
