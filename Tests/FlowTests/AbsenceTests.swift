import Flows
import Model
import Testing

/// What may be absent: where a use needs a default or `has()`, and what `has()` says.
@Suite struct AbsenceTests {
    /// Conditions that guard a use in `body`, which may be absent otherwise.
    @Test(
        arguments: [
            ("has(maybe.metrics)", "${maybe.metrics}"), ("has(maybe.metrics)", "${maybe[\"metrics\"]}"),
            ("has(maybe.metrics)", "${maybe['metrics']}"), ("has(maybe.metrics)", "${maybe[\"metrics\"][\"auc\"]}"),
            ("has(maybe.metrics.auc)", "${maybe.metrics}"), ("has(maybe[\"metrics\"].auc)", "${maybe.metrics}"),
            ("has(maybe.metrics.auc)", "${maybe.metrics.f1}"),
            ("has(inputs.note)", "${inputs[\"note\"]}"), ("has(inputs.extra)", "${inputs.extra.a[0]}"),
            ("has(train.model.digest)", "${train.model.digest}"),
            ("has(train[\"model\"].digest)", "${train.model[\"digest\"]}"),
            ("has(maybe.evaluation.digest)", "${maybe.evaluation.digest}"),
            ("has(maybe.evaluation.digest)", "${maybe.evaluation.uri}"),
            ("inputs.ok && (has(maybe.metrics) && inputs.ok)", "${maybe.metrics}"),
        ])
    func `has() guards every way to write what it asks for`(when: String, use: String) {
        #expect(mistakes(body: .string(use)).map(\.pointer) == ["/steps/probe/with/body"])
        #expect(mistakes(body: .string(use), when: when) == [])
        let path = use.dropFirst(2).dropLast()
        #expect(mistakes(when: "\(path) == null").map(\.pointer) == ["/steps/probe/when"])
        #expect(mistakes(when: "(\(when)) && \(path) == null") == [])
    }

    @Test(
        arguments: [
            ("has(maybe.metrics)", "${maybe.evaluation}"), ("has(maybe.evaluation)", "${maybe.evaluation.digest}"),
            ("has(train.model)", "${train.model.digest}"), ("has(train.model.digest)", "${train.model.size}"),
            ("!has(maybe.metrics)", "${maybe.metrics}"), ("has(maybe.metrics) || inputs.ok", "${maybe.metrics}"),
            ("has(inputs.source.digest)", "${inputs.source.mediaType}"),
        ])
    func `has() guards nothing else`(when: String, use: String) {
        #expect(mistakes(body: .string(use), when: when).map(\.pointer) == ["/steps/probe/with/body"])
    }

    @Test(arguments: ["digest", "size", "mediaType"])
    func `what a reference may lack needs a default`(field: String) {
        for path in ["train.model", "inputs.source", "prepare.dataset"] {
            let found = mistakes(body: .string("${\(path).\(field)}"))
            #expect(found.count == 1 && found[0].detail.contains("\(path).\(field) may be absent"), "\(found)")
            #expect(mistakes(body: .string("x ${\(path).\(field) ?? 0}")) == [] || field != "size")
            #expect(mistakes(body: .string("${\(path).\(field) ?? null}")) == [])
            #expect(mistakes(body: .string("${\(path).uri}")) == [])
        }
    }

    /// What the checker accepts has a value, whatever is absent.
    @Test(arguments: [
        ("has(maybe.metrics.auc)", false), ("has(maybe.evaluation.digest)", false),
        ("!has(maybe.evaluation.uri)", true),
        ("has(inputs.extra.a.b)", false), ("has(inputs.extra.a[3].b)", false), ("has(inputs.extra['a'].b)", false),
        ("has(inputs.config.a.b)", false), ("has(inputs.config.list[3].b)", false), ("has(inputs.config.c.d)", true),
        ("has(train.model.digest)", false),
        ("has(evaluate.evaluation.digest) && evaluate.evaluation.digest != ''", false),
    ])
    func `has() is false where any part of its path is absent`(text: String, holds: Bool) throws {
        #expect(mistakes(when: text) == [])
        let found = try Expression(text).holds { name in
            switch name {
            case "inputs": .value(ExpressionValue(["config": ["list": [], "c": ["d": nil]]]))
            case "maybe": .absent
            case "train": .value(ExpressionValue(["model": ["uri": "s3://m"]]))
            case "evaluate": .value(ExpressionValue(["metrics": ["auc": 1]]))
            default: nil
            }
        }
        #expect(found == holds)
    }
}
