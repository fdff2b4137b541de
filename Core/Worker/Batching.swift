/// When a worker pauses briefly so that its next step takes more: under load, leasing or settling a few messages costs
/// nearly as much as a hundred (decision 0011).
package enum Batching {
    /// Long enough for a batch to grow, too short to matter to a single call.
    package static let pause = Duration.milliseconds(5)

    /// Batch sizes that mean load but poor batching. Smaller ones come from single calls, which nothing should hold up.
    package static let underfilledBatch = 8..<64

    /// Waits for the pause, or less if the task is cancelled.
    package static func pauseBriefly() async {
        try? await Task.sleep(for: pause, tolerance: .zero)
    }
}
