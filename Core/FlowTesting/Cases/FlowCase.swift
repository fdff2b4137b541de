package import Flows
package import Model

/// One execution to be played: what it is given, how remote systems behave, what happens to it, and what must come of it.
package struct FlowCase: Sendable {
    /// Unique within its file.
    package var name: String
    /// When the execution starts. Default 2026-01-01T00:00:00Z.
    package var startAt: Timestamp
    /// Defaults filled in.
    package var inputs: FlowInputs
    /// By the numbers of steps.
    package var mocks: [Int: StepMock]
    /// In the order of the file.
    package var events: [CaseEvent]
    /// By types of step; of others `MockBinding.standard`.
    package var bindings: [String: MockBinding]
    package var expectation: CaseExpectation

    /// 2026-01-01T00:00:00Z.
    package static let standardStart = Timestamp(seconds: 1_767_225_600)
    /// The longest time that a case can name: ten years.
    static let longest = Duration.seconds(3_660 * 86_400)
}

/// What a user does to an execution.
package struct CaseEvent: Hashable, Sendable {
    /// What is asked for.
    package enum Kind: Hashable, Sendable {
        case pause, resume, cancel
        /// From the step of that number on; nil: what did not succeed.
        case retry(from: Int?)
    }

    /// Since the start.
    package var at: Duration
    package var kind: Kind
}
