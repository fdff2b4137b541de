package import Flows
import Model

/// What a case came to.
package struct FlowCaseResult: Sendable {
    /// A call, or a cancel call.
    package struct Call: Hashable, Sendable {
        package var call: StepCall
        /// Since the start.
        package var at: Duration
        /// What the step was given; secrets as `***`.
        package var inputs: [StepOutputs.Field]
    }

    /// Where the execution stood in the end; nil: it was not played.
    package internal(set) var state: FlowState?
    /// Of the flow; empty unless it succeeded.
    package internal(set) var outputs: [StepOutputs.Field] = []
    /// In the order in which they were made.
    package internal(set) var calls: [Call] = []
    /// In the order in which they were made.
    package internal(set) var cancels: [Call] = []
    /// From the start to the latest end; nil: it has not ended.
    package internal(set) var duration: Duration?
    /// Why it could not be played to its end; nil: it was.
    package internal(set) var problem: String?
    /// What of the flow it went through.
    package internal(set) var coverage = FlowCoverage()
}
