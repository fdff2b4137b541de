import Flows
import FoundationEssentials
import Model
import Testing

/// What a flow may say, and what is wrong with others.
@Suite struct DefinitionTests {
    /// A lifecycle as the design shows it, without what is not supported yet.
    private static let churn =
        #"""
        {
          "inputs": { "source": "Dataset", "trees": { "type": "integer", "default": 100 },
                      "note": { "type": "string", "optional": true }, "token": { "type": "string", "secret": true } },
          "steps": {
            "prepare":  { "type": "dataset.transform",
                          "with": { "source": "${inputs.source}", "transformation": { "uri": "s3://t/clean.json" } },
                          "timeout": "2h", "retry": { "maxAttempts": 3, "initial": "10s" } },
            "train":    { "type": "model.train", "with": { "dataset": "${prepare.dataset}", "trees": "${inputs.trees}" },
                          "timeout": "12h", "totalTimeout": "2d", "heartbeatTimeout": "5m", "startTimeout": "10m" },
            "evaluate": { "type": "model.evaluate",
                          "with": { "model": "${train.model}", "dataset": "${prepare.holdout}" }, "onError": "continue" },
            "register": { "type": "model.register", "when": "has(evaluate.metrics) && evaluate.metrics.auc >= 0.8",
                          "with": { "model": "${train.model}", "metrics": "${evaluate.metrics}" } },
            "pause":    { "type": "wait", "with": { "for": "30d" }, "after": ["register"] },
            "tell":     { "type": "http", "after": ["pause"],
                          "with": { "url": "https://example.com/${train.model.uri}", "body": { "n": "${inputs.note ?? \"none\"}" },
                                    "headers": { "Authorization": "Bearer ${inputs.token}" } } }
          },
          "outputs":   { "model": "${train.model}", "auc": "${evaluate.metrics.auc ?? 0}" },
          "timeout": "365d"
        }
        """#

    private func mistakes(_ json: JSON) -> [FieldError] { FlowChecker.mistakes(in: json) }

    @Test func `the design's example is a flow`() throws {
        let flow = try FlowDefinition(JSON(parsing: DefinitionTests.churn))
        #expect(FlowChecker(flow).mistakes.isEmpty, "\(FlowChecker(flow).mistakes)")
        #expect(flow.steps.map(\.name) == ["prepare", "train", "evaluate", "register", "pause", "tell"])
        #expect(flow.step("register")?.dependencies == ["evaluate", "train"])
        #expect(flow.step("tell")?.dependencies == ["pause", "train"] && flow.step("prepare")?.dependencies == [])
        #expect(
            flow.step("train")?.timeouts.total == .seconds(2 * 86_400) && flow.step("evaluate")?.onError == .continue)
        #expect(flow.step("prepare")?.retry?.maxAttempts == 3)
        #expect(flow.inputs.map(\.isSecret) == [false, false, false, true] && flow.timeout == .seconds(365 * 86_400))
        #expect(flow.inputs[1].standard == .int(100))
        let whole = try JSON(parsing: DefinitionTests.churn).description.replacing(
            #""default":100"#, with: #""default":5.0"#)
        #expect(try FlowDefinition(JSON(parsing: whole)).inputs[1].standard == .int(5))
    }

    @Test func `the example of the page is a flow`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/flows.md"), encoding: .utf8)
        let block = page.split(separator: "```json\n").dropFirst().first?.split(separator: "```").first
        #expect(mistakes(try JSON(parsing: String(try #require(block)))).isEmpty)
    }

    @Test func `the page of step types has each type with its fields`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/step-types.md"), encoding: .utf8)
        for contract in StepContract.builtIn {
            let row = try #require(page.split(separator: "\n").first { $0.hasPrefix("| `\(contract.name)` |") })
            for fields in [contract.inputs, contract.outputs] {
                for (name, field) in fields {
                    #expect(row.contains("`\(name): \(field.type)\(field.isOptional ? "?" : "")`"), "\(contract.name)")
                }
            }
            #expect(row.contains("parameters") == contract.takesParameters)
        }
        for name in StepContract.reserved { #expect(page.contains("`\(name)`")) }
    }

    struct Change: Sendable, CustomTestStringConvertible {
        var from: String
        var to: String
        var pointer: String
        var detail: String
        var testDescription: String { "\(from) → \(to)" }
    }

    /// One change of the example each, and the one mistake that it makes.
    static let changes: [Change] = [
        // Names and the graph.
        .init(
            from: "${prepare.dataset}", to: "${prepared.dataset}", pointer: "/steps/train/with/dataset",
            detail: "no step prepared"),
        .init(
            from: #"["register"]"#, to: #"["registered"]"#, pointer: "/steps/pause/after/0",
            detail: "no step registered"),
        .init(
            from: #""with": { "source": "${inputs.source}""#,
            to: #""after": ["tell"], "with": { "source": "${inputs.source}""#, pointer: "/steps/prepare",
            detail: "prepare → tell → pause → register → evaluate → prepare"),
        .init(from: #""prepare":"#, to: #""1st":"#, pointer: "/steps/1st", detail: "does not begin with a digit"),
        .init(from: #""pause":"#, to: #""inputs":"#, pointer: "/steps/inputs", detail: "has a meaning"),
        .init(from: #""pause":"#, to: #""while":"#, pointer: "/steps/while", detail: "no word of conditions"),
        .init(from: #""trees": {"#, to: #""the trees": {"#, pointer: "/inputs/the trees", detail: "1 to 63"),
        // Fields of the form.
        .init(
            from: #""type": "wait""#, to: #""type": "approval""#, pointer: "/steps/pause/type",
            detail: "not supported yet"),
        .init(
            from: #""outputs": "#, to: #""then": { "flow": "x" }, "outputs": "#, pointer: "/then",
            detail: "not supported yet"),
        .init(
            from: #""outputs": "#, to: #""onFailure": { "flow": "no name" }, "outputs": "#, pointer: "/onFailure/flow",
            detail: "a flow's name"),
        .init(
            from: #""onError": "continue""#, to: #""onError": "ignore""#, pointer: "/steps/evaluate/onError",
            detail: "fail or continue"),
        .init(
            from: #""timeout": "2h""#, to: #""timeout": "0s""#, pointer: "/steps/prepare/timeout",
            detail: "a duration from 1s"),
        .init(
            from: #""totalTimeout": "2d""#, to: #""totalTimeout": "2h""#, pointer: "/steps/train/totalTimeout",
            detail: "shorter than timeout"),
        .init(
            from: #""after": ["pause"]"#, to: #""afer": ["pause"]"#, pointer: "/steps/tell/afer",
            detail: "unknown field"),
        .init(from: ">= 0.8", to: ">= ", pointer: "/steps/register/when", detail: "expected a value"),
        .init(
            from: "${inputs.trees}", to: "${inputs.trees + 1}", pointer: "/steps/train/with/trees",
            detail: "names a step's output"),
        .init(
            from: #""default": 100"#, to: #""default": "many""#, pointer: "/inputs/trees/default",
            detail: "a whole number"),
        .init(
            from: #""source": "Dataset""#, to: #""source": "DataSet""#, pointer: "/inputs/source",
            detail: "one of string, integer"),
        .init(
            from: #""secret": true"#, to: #""secret": true, "default": "x""#, pointer: "/inputs/token/default",
            detail: "no default"),
        // Contracts.
        .init(
            from: #""type": "wait""#, to: #""type": "sleep""#, pointer: "/steps/pause/type",
            detail: "known types: dataset.register"),
        .init(
            from: #""model": "${train.model}", "dataset""#, to: #""model": "${train.modell}", "dataset""#,
            pointer: "/steps/evaluate/with/model", detail: "it has metrics, model"),
        .init(
            from: "${inputs.trees}", to: "${inputs.leaves}", pointer: "/steps/train/with/trees",
            detail: "no input leaves"),
        .init(
            from: #""dataset": "${prepare.dataset}", "#, to: "", pointer: "/steps/train/with",
            detail: "needs dataset of type Dataset"),
        .init(
            from: #""metrics": "${evaluate.metrics}""#, to: #""metric": "${evaluate.metrics}""#,
            pointer: "/steps/register/with/metric", detail: "unknown input; model.register takes metrics, model, name"),
        .init(from: #""for": "30d""#, to: #""for": "a month""#, pointer: "/steps/pause/with/for", detail: "a duration"),
        .init(
            from: #"{ "for": "30d" }"#, to: "{}", pointer: "/steps/pause/with", detail: "exactly one of for and until"),
        .init(
            from: #"{ "uri": "s3://t/clean.json" }"#, to: #"{ "url": "s3://t/clean.json" }"#,
            pointer: "/steps/prepare/with/transformation", detail: "a uri"),
        // Types of edges.
        .init(
            from: #""dataset": "${prepare.holdout}""#, to: #""dataset": "${train.model}""#,
            pointer: "/steps/evaluate/with/dataset", detail: "expected Dataset, train.model is Model"),
        .init(
            from: #""dataset": "${prepare.holdout}""#, to: #""dataset": "${prepare.holdout.uri}""#,
            pointer: "/steps/evaluate/with/dataset", detail: "is string"),
        .init(
            from: #""dataset": "${prepare.holdout}""#, to: #""dataset": "x ${prepare.holdout.uri}""#,
            pointer: "/steps/evaluate/with/dataset", detail: "found text"),
        .init(
            from: "${train.model.uri}", to: "${train.model}", pointer: "/steps/tell/with/url",
            detail: "is Model, which cannot be inserted into text"),
        .init(
            from: "${train.model.uri}", to: "${train.model.name}", pointer: "/steps/tell/with/url",
            detail: "no field name"),
        .init(
            from: "${train.model.uri}", to: "${train}", pointer: "/steps/tell/with/url",
            detail: "none of its outputs"),
        .init(
            from: #"${inputs.note ?? \"none\"}"#, to: "${inputs.source[0] ?? 1}", pointer: "/steps/tell/with/body/n",
            detail: "has no elements"),
        // What may be absent, and secrets.
        .init(
            from: "has(evaluate.metrics) && evaluate", to: "evaluate", pointer: "/steps/register/when",
            detail: "write has(evaluate.metrics) && before it"),
        .init(
            from: "has(evaluate.metrics) && ", to: "true || has(evaluate.metrics) && ",
            pointer: "/steps/register/with/metrics", detail: "may be absent"),
        .init(
            from: #"${inputs.note ?? \"none\"}"#, to: "${inputs.note}", pointer: "/steps/tell/with/body/n",
            detail: "may be absent"),
        .init(
            from: "${train.model.uri}", to: "${train.model.digest}", pointer: "/steps/tell/with/url",
            detail: "train.model.digest may be absent"),
        .init(
            from: "${evaluate.metrics.auc ?? 0}", to: "${evaluate.metrics.auc}", pointer: "/outputs/auc",
            detail: "may be absent"),
        .init(
            from: "${evaluate.metrics.auc ?? 0}", to: "${inputs.token}", pointer: "/outputs/auc",
            detail: "is a secret, but this field takes none"),
        .init(
            from: "${train.model.uri}", to: "${inputs.token}", pointer: "/steps/tell/with/url", detail: "is a secret"
        ),
        .init(
            from: "evaluate.metrics.auc >= 0.8", to: "inputs.token == 'x'", pointer: "/steps/register/when",
            detail: "is a secret"),
        .init(
            from: "has(evaluate.metrics) && evaluate.metrics.auc",
            to: "has(evaluate.metrics) && has(evaluate.nothing) && evaluate.metrics.auc",
            pointer: "/steps/register/when", detail: "no output nothing"),
        .init(
            from: "has(evaluate.metrics) && evaluate.metrics.auc >= 0.8",
            to: "evaluate.metrics.auc >= 0.8 || has(evaluate.metrics)", pointer: "/steps/register/when",
            detail: "write has(evaluate.metrics) && before it"),
        .init(
            from: #"["pause"]"#, to: #"["pause", "inputs"]"#, pointer: "/steps/tell/after/1",
            detail: "inputs are always there"),
        .init(
            from: #"{ "n":"#, to: #"{ "${inputs.note}":"#, pointer: "/steps/tell/with/body/${inputs.note}",
            detail: "only values can"),
        .init(
            from: #""dataset": "${prepare.holdout}""#, to: #""dataset": "${prepare.segments[0] ?? null}""#,
            pointer: "/steps/evaluate/with/dataset", detail: "null, which is not allowed here"),
        .init(
            from: "${train.model.uri}", to: "${inputs.note ?? null}", pointer: "/steps/tell/with/url",
            detail: "null, which is not allowed here"),
    ]

    @Test(arguments: changes) func `each mistake is named by its pointer`(_ change: Change) throws {
        let text = try JSON(parsing: DefinitionTests.churn).description
        let from = change.from.compact
        let changed = text.replacing(from, with: change.to.compact, maxReplacements: 1)
        #expect(changed != text, "\(from)")
        let found = mistakes(try JSON(parsing: changed))
        #expect(found.contains { $0.pointer == change.pointer && $0.detail.contains(change.detail) }, "\(found)")
    }

    @Test func `all mistakes are reported together`() throws {
        let form = mistakes(
            try JSON(
                parsing:
                    #"{"inputs":{"a b":"string","c":"text"},"steps":{"x":{"type":"map"},"y":{"with":1,"when":"("}},"z":1}"#
            )
        )
        #expect(
            Set(form.map(\.pointer)) == [
                "/inputs/a b", "/inputs/c", "/steps/x/type", "/steps/y/type", "/steps/y/with", "/steps/y/when", "/z",
            ], "\(form)")
        let types = mistakes(
            try JSON(
                parsing:
                    #"{"steps":{"x":{"type":"a"},"y":{"type":"wait","with":{"for":1,"x":2}},"z":{"type":"http","with":{"url":1}}}}"#
            ))
        #expect(
            types.map(\.pointer) == [
                "/steps/x/type", "/steps/y/with/for", "/steps/y/with/x", "/steps/z/with/url",
            ], "\(types)")
    }

    @Test(arguments: [0, 1, 200, 201]) func `a flow has 1 to 200 steps`(count: Int) {
        let steps = (0..<count).map { JSON.Member("s\($0)", ["type": "wait", "with": ["for": "1s"]]) }
        #expect(mistakes(["steps": .object(steps)]).isEmpty == (1...200).contains(count))
    }

    @Test func `what 200 steps that wait for one another are told is bounded`() {
        let names = (0..<200).map { "s\($0)" }
        let after = JSON.array(names.map { .string($0) })
        let steps = names.map { JSON.Member($0, ["type": "wait", "with": ["for": "1s"], "after": after]) }
        let circles = mistakes(["steps": .object(steps)])
        #expect((1...10).contains(circles.count))
        let strangers = names.map { JSON.Member($0, ["type": "wait", "with": ["for": "1s"], "after": ["nobody"]]) }
        let unknown = mistakes(["steps": .object(strangers)])
        #expect(unknown.count == 101 && unknown.allSatisfy { $0.detail.utf8.count < 300 })
    }

    @Test(arguments: ["false", "1 > 2", "1 / 0 == 1", "'a'"])
    func `a condition that is never true is a mistake`(when: String) {
        let json: JSON = ["steps": ["x": ["type": "wait", "with": ["for": "1s"], "when": .string(when)]]]
        #expect(mistakes(json).map(\.pointer) == ["/steps/x/when"])
    }

    @Test(
        arguments: [
            ("string", "x", 1), ("integer", 5, "5"), ("integer", .number("5.0"), .number("5.5")),
            ("number", .number("5.5"), "x"), ("boolean", true, "true"), ("duration", "1h30m", "soon"),
            ("timestamp", "2026-11-28T00:00:00Z", "2026"), ("list<integer>", [1, 2], [1, "2"]),
            ("map<list<string>>", ["a": ["b"]], ["a": "b"]), ("MetricSet", ["auc": .number("0.9")], ["auc": "high"]),
            ("Dataset", ["uri": "s3://d", "size": 3], ["size": 3]),
            ("Model", ["uri": "x", "digest": "y"], ["uri": "x", "rows": 1]),
            ("Reference", ["uri": "x"], "x"),
        ] as [(String, JSON, JSON)])
    func `a type takes this value and not that one`(name: String, good: JSON, bad: JSON) throws {
        let type = try #require(FlowType(name))
        #expect(type.description == name)
        #expect(type.mistake(in: good, at: "") == nil && type.mistake(in: bad, at: "/x") != nil)
        #expect(FlowType.json.mistake(in: bad, at: "") == nil)
    }

    @Test func `types assign to themselves, to json, and upwards`() throws {
        func type(_ name: String) throws -> FlowType { try #require(FlowType(name)) }
        for (from, to) in [
            ("integer", "number"), ("Model", "Reference"), ("list<integer>", "list<number>"),
            ("MetricSet", "map<number>"),
            ("map<Dataset>", "map<Reference>"),
        ] {
            #expect(try type(from).isAssignable(to: type(to)), "\(from) to \(to)")
            #expect(try !type(to).isAssignable(to: type(from)), "\(to) to \(from)")
        }
        // What is json is checked when it arrives.
        for other in ["string", "Model", "list<Model>"] {
            #expect(try type(other).isAssignable(to: .json) && FlowType.json.isAssignable(to: type(other)))
        }
        #expect(FlowType("list<") == nil && FlowType("list<x>") == nil && FlowType("") == nil)
        #expect(FlowType(String(repeating: "list<", count: 9) + "json" + String(repeating: ">", count: 9)) == nil)
    }
}

extension String {
    /// As `JSON` writes it: without blanks outside strings.
    fileprivate var compact: String {
        var text = ""
        var isQuoted = false
        var before: Character = " "
        for character in self {
            if character == "\"", before != "\\" { isQuoted.toggle() }
            let isBlank =
                character == " " && !isQuoted && (before == ":" || before == "," || before == "{" || before == "[")
            let closes = (character == "}" || character == "]") && !isQuoted && text.hasSuffix(" ")
            if closes { text.removeLast() }
            if !isBlank { text.append(character) }
            if !isBlank { before = character }
        }
        return text
    }
}
