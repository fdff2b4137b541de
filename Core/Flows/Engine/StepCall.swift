/// One attempt of one step.
package struct StepCall: Hashable, Sendable {
    /// By number, in the order of the definition.
    package var step: Int
    /// From 1, over all retries of the flow: no number is used twice.
    package var attempt: Int

    /// An attempt of a step.
    package init(step: Int, attempt: Int) {
        self.step = step
        self.attempt = attempt
    }
}
