package import Model

/// A flow as its author writes it: typed inputs, a graph of steps, and outputs.
package struct FlowDefinition: Hashable, Sendable {
    /// One input of the flow.
    package struct Input: Hashable, Sendable {
        package var name: String
        package var type: FlowType
        /// What stands in its place where it is not given; nil: none.
        package var standard: ExpressionValue?
        /// It may be left out, and is absent then.
        package var isOptional: Bool
        /// Its value is sealed in the state, and in no history, log or message.
        package var isSecret: Bool
    }

    /// A name with its template.
    package struct Output: Hashable, Sendable {
        package var name: String
        package var value: FlowTemplate
    }

    /// In the order in which they are written.
    package var inputs: [Input]
    /// In the order in which they are written.
    package var steps: [FlowStep]
    package var outputs: [Output]
    /// For a whole execution; nil: none.
    package var timeout: Duration?
    /// The flow that starts when this one has failed; nil: none.
    package var onFailure: FlowName?

    /// In steps.
    package static let mostSteps = 200

    /// The step of that name; nil: there is none.
    package func step(_ name: String) -> FlowStep? { steps.first { $0.name == name } }
}

/// One step of a flow.
package struct FlowStep: Hashable, Sendable {
    /// Fields of the types of step that are reserved.
    static let reservedFields = [
        "over", "flow", "concurrency", "tolerateFailures", "onTimeout", "onReject", "approvers", "event", "match",
    ]

    /// What the failure of a step does to its flow.
    package enum OnError: String, CaseIterable, Sendable {
        /// Fails it.
        case fail
        /// Nothing: the step's outputs are absent.
        case `continue`
    }

    package var name: String
    /// The contract's name: `model.train`, `model.train@2`.
    package var type: String
    /// Evaluated once, when everything that it needs is final; false: the step is skipped.
    package var when: Expression?
    /// What it is given.
    package var with: [FlowDefinition.Output]
    /// Steps to wait for although nothing of theirs is used.
    package var after: [String]
    package var onError: OnError
    /// Nil: that of its binding.
    package var retry: RetryPolicy?
    package var timeouts: Timeouts

    /// All nil unless given.
    package struct Timeouts: Hashable, Sendable {
        /// Without a sign of life, from the commit that begins an attempt.
        package var start: Duration?
        /// Between two reports.
        package var heartbeat: Duration?
        /// One attempt.
        package var attempt: Duration?
        /// All attempts, with backoff and queueing.
        package var total: Duration?
    }

    /// The steps that it names in `with`, `when` and `after`, each once, sorted.
    package var dependencies: [String] {
        let named = with.flatMap(\.value.references).map(\.root) + (when?.names ?? []) + after
        return Set(named).subtracting(["inputs"]).sorted()
    }
}

extension Expression {
    /// The names that the condition begins paths with, each once, sorted.
    package var names: [String] {
        var names: Set<String> = []
        func visit(_ node: Node) {
            if case .name(let name) = node.content { names.insert(name) }
            for child in Expression.children(of: node) { visit(child) }
        }
        visit(root)
        return names.sorted()
    }
}
