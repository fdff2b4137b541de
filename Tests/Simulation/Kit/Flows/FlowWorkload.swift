import Flows
import Model
import Store
import TestRandom

/// The flows and bindings of a simulation, and what is started when.
struct FlowWorkload {
    /// A published flow.
    struct Flow {
        var row: DefinitionRow
        var plan: FlowPlan
    }

    let flows: [Flow]
    let bindings: [BindingRow]
    /// The flow that starts when others have failed.
    let handler: DefinitionID?
    static let tenant: TenantID = "acme"

    private static let bodies = [
        // A chain, of which later steps read what earlier ones returned.
        #"""
        {"steps": {
            "one": {"type": "http", "with": {"url": "https://a.example/one"}},
            "two": {"type": "http", "with": {"url": "https://a.example/two", "body": "${one.status}"}},
            "three": {"type": "http", "with": {"url": "https://a.example/three", "body": "${two.status}"}}},
         "outputs": {"status": "${three.status}"}}
        """#,
        // A diamond with a step that may be skipped.
        #"""
        {"steps": {
            "top": {"type": "http", "with": {"url": "https://b.example/top"}},
            "left": {"type": "http", "when": "top.status == 200", "with": {"url": "https://b.example/left"}},
            "right": {"type": "http", "with": {"url": "https://b.example/right", "body": "${top.status}"}},
            "end": {"type": "http", "with": {"url": "https://b.example/end", "body": "${left.status ?? 0}"}, "after": ["right"]}}}
        """#,
        // Work that reports by callback, with all kinds of timeouts.
        #"""
        {"steps": {
            "train": {"type": "model.train", "with": {"dataset": {"uri": "s3://d"}}, "timeout": "6h", "heartbeatTimeout": "2h"},
            "register": {"type": "model.register", "with": {"model": "${train.model}"}, "totalTimeout": "2d"}},
         "timeout": "5d"}
        """#,
        // Waits, and a call in between.
        #"""
        {"steps": {
            "rest": {"type": "wait", "with": {"for": "3h"}},
            "call": {"type": "http", "with": {"url": "https://c.example/call"}, "after": ["rest"]},
            "sleep": {"type": "wait", "with": {"for": "2d"}, "after": ["call"]}}}
        """#,
        // A failure that the flow survives, and a policy of its own.
        #"""
        {"steps": {
            "shaky": {"type": "http", "with": {"url": "https://d.example/shaky"}, "onError": "continue",
                      "retry": {"initial": "30s", "maxAttempts": 2}},
            "strict": {"type": "http", "with": {"url": "https://d.example/strict"}, "retry": {"maxAttempts": 1}},
            "train": {"type": "model.train", "with": {"dataset": {"uri": "s3://d"}}, "after": ["shaky"]}},
         "onFailure": {"flow": "cleanup"}}
        """#,
        // Waits for longer than anything is kept elsewhere.
        #"""
        {"steps": {
            "long": {"type": "wait", "with": {"for": "9d"}},
            "train": {"type": "model.train", "with": {"dataset": {"uri": "s3://d"}}, "after": ["long"]}}}
        """#,
    ]

    private static let cleanup = #"""
        {"inputs": {"execution": "string", "note": {"type": "string", "default": "none"}},
         "steps": {"tell": {"type": "http", "with": {"url": "https://e.example/tell", "body": "${inputs.execution} ${inputs.note}"}}}}
        """#

    private static let bindingBodies = [
        (
            "model.train",
            #"{"request": {"url": "https://compute.example/train", "body": "${callback}"}, "completion": "callback", "cancel": {"url": "https://compute.example/cancel"}, "timeout": "12h"}"#
        ), ("model.register", #"{"request": {"url": "https://compute.example/register"}}"#),
    ]

    init(at now: Timestamp, using random: inout SeededGenerator) throws {
        var flows: [Flow] = []
        for (index, body) in FlowWorkload.bodies.enumerated() {
            let row = DefinitionRow(
                id: .v7(at: now, using: &random), tenant: FlowWorkload.tenant, name: FlowName(checked: "f\(index)"),
                version: 1, body: body, createdAt: now)
            flows.append(Flow(row: row, plan: try FlowPlan(checking: JSON(parsing: body))))
        }
        let row = DefinitionRow(
            id: .v7(at: now, using: &random), tenant: FlowWorkload.tenant, name: "cleanup", version: 1,
            body: FlowWorkload.cleanup, createdAt: now)
        handler = row.id
        flows.append(Flow(row: row, plan: try FlowPlan(checking: JSON(parsing: row.body))))
        self.flows = flows
        bindings = FlowWorkload.bindingBodies.enumerated().map { index, binding in
            BindingRow(id: index + 1, tenant: nil, type: binding.0, body: binding.1, createdAt: now)
        }
    }
}

/// A flow's checked plan is `FlowTesting`'s to make elsewhere; here a definition is known to be right.
extension FlowPlan {
    fileprivate init(checking json: JSON) throws {
        let definition = try FlowDefinition(json)
        let mistakes = FlowChecker(definition).mistakes
        guard mistakes.isEmpty, let plan = FlowPlan(definition) else { throw FieldErrors(mistakes) }
        self = plan
    }
}
