/// When a worker pauses briefly so that its next step takes more: under load a lease or a settlement of a few messages costs nearly as
/// much as one of a hundred (decision 0011).
package enum Batching {
    package static let pause = Duration.milliseconds(5)

    /// Batch sizes that mean load but poor batching. Smaller ones come from single calls, which nothing should hold up.
    package static let underfilledBatch = 8..<64

    /// Waits for the pause. A cancelled one is shorter: no error.
    package static func pauseBriefly() async {
        try? await Task.sleep(for: pause, tolerance: .zero)
    }
}
