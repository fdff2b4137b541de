package import Flows
package import Model

/// What must come of a case; what is not named is not looked at.
package struct CaseExpectation: Hashable, Sendable {
    /// Of one step.
    package struct Step: Hashable, Sendable {
        package var number: Int
        /// As `headgate execution show` names it.
        package var state: String?
        /// The number of the latest attempt; 0: none.
        package var attempts: Int?
        /// Of the latest failure.
        package var failure: Failure
    }

    /// Of a failure.
    package struct Failure: Hashable, Sendable {
        package var kind: StepFailure.Kind?
        /// A part of it.
        package var message: String?
    }

    /// Of one call, or of one cancel call.
    package struct Call: Hashable, Sendable {
        package var step: Int
        package var attempt: Int?
        /// Since the start.
        package var at: ExpectedDuration?
        /// By name, of those that matter.
        package var inputs: [JSON.Member]
    }

    /// Of a whole execution.
    package enum State: String, CaseIterable, Hashable, Sendable {
        case succeeded, failed, cancelled
        /// It stays so: nothing else would happen.
        case paused
    }

    /// Which step failed the flow.
    package enum FailedStep: Hashable, Sendable {
        case step(Int)
        /// The flow failed as a whole.
        case none
    }

    /// Default `succeeded`.
    package var state: State
    package var failedStep: FailedStep?
    package var failure: Failure
    package var steps: [Step]
    /// By name, of those that matter; null: absent or null.
    package var outputs: [JSON.Member]
    /// All calls, in order.
    package var calls: [Call]?
    /// All cancel calls, in order.
    package var cancels: [Call]?
    /// From the start to the latest end.
    package var duration: ExpectedDuration?
}

/// A duration, or a bound for one: `1h`, `<= 1h`, `>= 1h`.
package struct ExpectedDuration: Hashable, Sendable, CustomStringConvertible {
    /// How the duration that came must stand to it.
    package enum Relation: String, CaseIterable, Hashable, Sendable {
        case atMost = "<="
        case atLeast = ">="
        case equal = ""
    }

    package var relation: Relation
    package var duration: Duration

    /// Reads a duration with or without a relation before it; nil for anything else.
    package init?(_ text: String) {
        let relation = Relation.allCases.first { text.hasPrefix($0.rawValue) } ?? .equal
        let rest = text.dropFirst(relation.rawValue.count).drop { $0 == " " }
        let type = FieldType.flowDuration(.zero...FlowCase.longest)
        guard let duration = type.read(.string(String(rest))) else { return nil }
        (self.relation, self.duration) = (relation, duration)
    }

    /// Whether what came is as expected.
    package func accepts(_ found: Duration) -> Bool {
        switch relation {
        case .atMost: found <= duration
        case .atLeast: found >= duration
        case .equal: found == duration
        }
    }

    /// As it is written.
    package var description: String { relation == .equal ? duration.text : "\(relation.rawValue) \(duration.text)" }
}
