import Flows
import Model
import Store

/// An execution as the API shows it.
struct ExecutionView {
    let row: ExecutionRow
    let definition: DefinitionRow?
    private let plan: FlowPlan?
    private let state: FlowState?
    private let outputs: [Int: OutputRow]
    /// False: it has left the engine, and its input with it.
    private var hasInput = true

    /// - Parameter outputs: of its steps in full, as far as they are kept.
    init(row: ExecutionRow, definition: DefinitionRow?, outputs: [OutputRow]) {
        self.row = row
        self.definition = definition
        let flow = definition.flatMap { try? JSON(parsing: $0.body) }.flatMap { try? FlowDefinition($0) }
        plan = flow.flatMap { FlowPlan($0) }
        if let plan, let bytes = row.state {
            state = try? FlowState(decoding: bytes, plan)
        } else {
            state = nil
        }
        self.outputs = Dictionary(outputs.map { ($0.step, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// An execution that has left the engine.
    init(summary: ExecutionSummary, definition: DefinitionRow?) {
        self.init(
            row: ExecutionRow(
                id: summary.execution, tenant: summary.tenant, definition: summary.definition, status: summary.status,
                state: summary.snapshot, input: FlowInputs(values: [:]).encoded, trigger: summary.trigger,
                createdAt: summary.createdAt, endedAt: summary.endedAt, quarantineReason: nil),
            definition: definition, outputs: [])
        hasInput = false
    }

    /// What lists show.
    static func brief(_ summary: ExecutionSummary) -> JSON {
        var members = [
            JSON.Member("id", .string("\(summary.execution)")),
            JSON.Member("flow", summary.flow.map { .string("\($0)") } ?? .null),
            JSON.Member("version", summary.version.map { .integer($0) } ?? .null),
            JSON.Member("state", .string(summary.status.name)), JSON.Member("createdAt", .time(summary.createdAt)),
            JSON.Member("endedAt", summary.endedAt.map { .time($0) } ?? .null),
        ]
        if let trigger = summary.trigger { members.append(JSON.Member("trigger", .string("\(trigger)"))) }
        return .object(members)
    }

    /// What lists show.
    var brief: JSON { .object(briefMembers) }
    /// Nil: the definition was stored with the execution.
    var flow: FlowName? { definition?.name }

    private var briefMembers: [JSON.Member] {
        var members = [
            JSON.Member("id", .string("\(row.id)")),
            JSON.Member("flow", definition?.name.map { .string("\($0)") } ?? .null),
            JSON.Member("version", definition?.version.map { .integer($0) } ?? .null),
            JSON.Member("state", .string(row.status.name)), JSON.Member("createdAt", .time(row.createdAt)),
            JSON.Member("endedAt", row.endedAt.map { .time($0) } ?? .null),
        ]
        if let trigger = row.trigger { members.append(JSON.Member("trigger", .string("\(trigger)"))) }
        if let reason = row.quarantineReason { members.append(JSON.Member("reason", .string(reason))) }
        return members
    }

    /// The execution with its steps.
    var document: JSON {
        var members = briefMembers
        if hasInput, let inputs {
            members.append(JSON.Member("input", ExpressionValue.map(inputs.forReducer).json))
        }
        guard let plan, let state else { return .object(members) }
        if let failure = state.failure { members.append(JSON.Member("failure", ExecutionView.document(failure))) }
        if let number = state.failedStep {
            members.append(JSON.Member("failedStep", .string(plan.steps[number].name)))
        }
        if state.outcome == .succeeded, let context, let outputs = try? state.outputs(context) {
            members.append(
                JSON.Member("outputs", .object(outputs.map { JSON.Member($0.name, $0.value.json) })))
        }
        members.append(JSON.Member("steps", .array(plan.steps.indices.map { step($0, plan, state) })))
        return .object(members)
    }

    /// With defaults, which a start after a failure leaves out; nil: they cannot be read.
    private var inputs: FlowInputs? {
        var inputs = try? FlowInputs(decoding: row.input)
        if let plan { inputs?.fillDefaults(of: plan.definition) }
        return inputs
    }

    /// What the flow's outputs are computed with; bindings do not matter to them.
    private var context: FlowContext? {
        guard let plan, let inputs else { return nil }
        return FlowContext(
            plan: plan, inputs: inputs.forReducer, seed: 0, binding: { _ in nil }, bindingOfAttempt: { _ in nil })
    }

    private func step(_ number: Int, _ plan: FlowPlan, _ state: FlowState) -> JSON {
        let step = state.steps[number]
        var members = [
            JSON.Member("name", .string(plan.steps[number].name)),
            JSON.Member("type", .string(plan.steps[number].contract.name)),
            JSON.Member("state", .string(step.name)), JSON.Member("attempt", .integer(step.attempt)),
        ]
        switch step.phase {
        case .backoff(let until), .sleeping(let until), .cancelling(let until):
            members.append(JSON.Member("until", .time(until)))
        default: if let deadline = step.attemptDeadline { members.append(JSON.Member("until", .time(deadline))) }
        }
        if let failure = step.failure { members.append(JSON.Member("failure", ExecutionView.document(failure))) }
        if let progress = step.latestProgress { members.append(JSON.Member("progress", progress.json)) }
        if case .succeeded = step.phase {
            let all = outputs[number].flatMap { try? JSON(parsing: $0.body) } ?? step.readOutputs.json
            members.append(JSON.Member("outputs", all))
        }
        return .object(members)
    }

    private static func document(_ failure: StepFailure) -> JSON {
        ["class": .string("\(failure.kind)"), "message": .string(failure.message)]
    }

    /// Why the execution as a whole does not go on, and what could be done; nil: its steps say it.
    private var explanationAsAWhole: (why: String, command: String?)? {
        switch row.status {
        case .quarantined:
            (
                "it failed five times in a row: \(row.quarantineReason ?? "for an unknown reason")",
                "headgate execution resume \(row.id)"
            )
        case .pending:
            (
                "it waits for another run of its schedule, as the schedule's overlap says",
                "headgate execution cancel \(row.id)"
            )
        case .new: ("no step-worker has looked at it yet; a lost hint costs 5 s", nil)
        case .succeeded, .failed, .cancelled: ("it has ended: \(row.status.name)", nil)
        case .running, .paused, .ending: nil
        }
    }

    /// Why each step that has not ended has not.
    func explanation(now: Timestamp) -> JSON {
        var items: [JSON] = []
        if let plan, let state {
            items = state.explanations(plan, id: row.id, now: now).map { explanation in
                var members = [
                    JSON.Member("name", .string(explanation.step)), JSON.Member("why", .string(explanation.why)),
                ]
                if let command = explanation.command { members.append(JSON.Member("command", .string(command))) }
                return .object(members)
            }
        }
        var members = [JSON.Member("state", .string(row.status.name))]
        if let (why, command) = explanationAsAWhole {
            members.append(JSON.Member("why", .string(why)))
            if let command { members.append(JSON.Member("command", .string(command))) }
        }
        return .object(members + [JSON.Member("steps", .array(items))])
    }
}
