import Flows
import FoundationEssentials
import Model
import Testing

/// The stored form of a state: how large it is, and that it is read again.
@Suite struct FlowStateTests {
    private static let now = Timestamp(seconds: 1_800_000_000)

    private static func plan(_ text: String) throws -> FlowPlan {
        let definition = try FlowDefinition(try JSON(parsing: text))
        #expect(FlowChecker(definition).mistakes == [])
        return try #require(FlowPlan(definition))
    }

    private static func context(_ plan: FlowPlan) -> FlowContext {
        let terms = BindingTerms(id: 17, hasCancel: true, startTimeout: .seconds(600), heartbeatTimeout: .seconds(300))
        return FlowContext(
            plan: plan, inputs: ["source": reference("raw/acme-2026-11-28.csv")], seed: 1, binding: { _ in terms },
            bindingOfAttempt: { _ in terms })
    }

    private static func reference(_ path: String) -> ExpressionValue {
        .map([
            "uri": .string("s3://customers-eu/\(path)"), "size": .int(1_234_567), "mediaType": .string("text/csv"),
            "digest": .string("sha256:" + String(repeating: "0123456789abcdef", count: 4)),
        ])
    }

    private static let three = #"""
        {"inputs": {"source": "Dataset"},
         "steps": {
           "prepare": {"type": "dataset.transform", "timeout": "2h",
             "with": {"source": "${inputs.source}", "transformation": {"uri": "s3://t/clean.json"}}},
           "train": {"type": "model.train", "with": {"dataset": "${prepare.dataset}"}, "timeout": "12h", "totalTimeout": "2d"},
           "evaluate": {"type": "model.evaluate", "with": {"model": "${train.model}", "dataset": "${prepare.dataset}"}}},
         "outputs": {"auc": "${evaluate.metrics.auc}"}, "timeout": "30d"}
        """#

    private static let outputs: [JSON] = [
        ["dataset": reference("prepared/acme.csv").json, "holdout": reference("prepared/acme-holdout.csv").json],
        ["model": reference("models/acme.bin").json, "metrics": ["loss": .number(0.31)]],
        ["metrics": ["auc": .number(0.87), "accuracy": .number(0.8)]],
    ]

    @Test func `the state of three steps has at most 400 bytes, at every moment`() throws {
        let plan = try Self.plan(Self.three)
        let context = Self.context(plan)
        var state = FlowState(of: plan, at: Self.now)
        var largest = 0
        func apply(_ event: FlowEvent) throws {
            _ = state.apply(event, context, now: Self.now + .seconds(3_600))
            let bytes = state.encoded
            largest = max(largest, bytes.count)
            #expect(try FlowState(decoding: bytes, plan) == state)
        }
        try apply(.started)
        for step in 0..<3 {
            let call = StepCall(step: step, attempt: 1)
            try apply(.claimed(by: Walk.worker, limit: 9))
            try apply(.answered(call, .accepted))
            try apply(.reported(call, .progress(.map(["epoch": .int(3), "loss": .double(0.5)]))))
            let outputs = try StepOutputs(checking: Self.outputs[step], against: plan.steps[step].contract)
            try apply(.reported(call, .succeeded(outputs)))
        }
        #expect(state.outcome == .succeeded)
        #expect(largest <= 400, "\(largest) bytes")
    }

    @Test func `a state that would grow beyond its limit fails the step, and failing still fits`() throws {
        let steps = (0..<20).map { #""s\#($0)": {"type": "http", "with": {"url": "http://h/"}}"# }
        let uses = (0..<20).map { #""o\#($0)": "${s\#($0).body ?? 0}""# }
        let plan = try Self.plan(
            "{\"steps\": {\(steps.joined(separator: ", "))}, \"outputs\": {\(uses.joined(separator: ", "))}}")
        let context = Self.context(plan)
        var state = FlowState(of: plan, at: Self.now)
        _ = state.apply(.started, context, now: Self.now)
        _ = state.apply(.claimed(by: Walk.worker, limit: 99), context, now: Self.now)
        let body = JSON.string(String(repeating: "x", count: 16_000))
        for step in 0..<20 where !state.isEnded {
            let outputs = try StepOutputs(checking: ["status": 200, "body": body], against: .http)
            _ = state.apply(
                .answered(StepCall(step: step, attempt: 1), .succeeded(outputs)), context, now: Self.now)
        }
        #expect(state.failure?.kind == .user && state.failure?.message.contains("at most 245760 fit") == true)
        #expect(state.encoded.count <= FlowState.longest)
    }

    @Test func `a state as an earlier build wrote it is read`() throws {
        let plan = try Self.plan(
            #"{"steps": {"a": {"type": "wait", "with": {"for": "1h"}}, "b": {"type": "http", "with": {"url": "http://h/"}}}}"#
        )
        var state = FlowState(of: plan, at: Self.now)
        let context = Self.context(plan)
        _ = state.apply(.started, context, now: Self.now)
        _ = state.apply(.claimed(by: Walk.worker, limit: 9), context, now: Self.now)
        let recorded = Self.recorded
        #expect(state.encoded == recorded, "the form has changed: raise its version, and keep reading this one")
        #expect(try FlowState(decoding: recorded, plan) == state)
        var later = recorded
        later[0] = 2
        #expect { try FlowState(decoding: later, plan) } throws: {
            ($0 as? ByteReader.Failure)?.isOfLaterVersion == true
        }
        for length in 0..<recorded.count {
            #expect(throws: ByteReader.Failure.self) { try FlowState(decoding: Array(recorded[..<length]), plan) }
        }
    }

    /// Version 1: a wait and a claimed call.
    private static let recorded: [UInt8] = [
        1, 0, 0, 128, 128, 196, 137, 229, 197, 178, 6, 0, 0, 0, 2, 6, 128, 144, 157, 233, 26, 211, 1, 0, 0, 0, 0, 0, 0,
        0, 5, 0, 0, 0, 0, 0, 0, 0, 6, 1, 17, 128, 128, 187, 221, 131, 5, 128, 152, 154, 188, 4,
    ]

    @Test func `the text of a failure is cut between characters, and says how long it was`() {
        let short = StepFailure(.user, "no")
        #expect(short.message == "no")
        for character in ["m", "é", "€", "😀"] {
            let failure = StepFailure(.user, String(repeating: character, count: 3_000_000 / character.utf8.count))
            #expect(failure.message.utf8.count <= StepFailure.longestMessage)
            #expect(failure.message.hasSuffix(" bytes)") && !failure.message.contains("\u{FFFD}"))
        }
    }
}

/// Why attempts fail.
@Suite struct StepFailureTests {
    /// The database takes it in no text.
    @Test(arguments: ["\0", "a\0b\0", String(repeating: "\0", count: 5_000)])
    func `a message has no U+0000`(message: String) {
        let failure = StepFailure(.user, message)
        #expect(!failure.message.utf8.contains(0) && failure.message.contains("\u{FFFD}"))
        #expect(failure.message.utf8.count <= StepFailure.longestMessage)
    }
}
