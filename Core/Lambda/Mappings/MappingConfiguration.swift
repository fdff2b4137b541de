/// How an event source mapping takes messages from a queue ("Using Lambda with Amazon SQS", AWS documentation).
package struct MappingConfiguration: Hashable, Sendable {
    /// Messages of a batch: 1 to 10,000, of a FIFO queue to 10. Default 10.
    package var batchSize = 10
    /// Seconds that a batch gathers: 0 to 300.
    package var window = 0
    /// Batches at once: 2 to 1,000; nil: as many as the scale allows.
    package var maximumConcurrency: Int?
    /// Of these one must match; none: every message does.
    package var filters: [FilterPattern] = []
    /// The function names what it could not handle.
    package var reportsItemFailures = false
    /// Of the queue.
    package var isFIFO: Bool

    /// Bytes of an event.
    package static let longestEvent = 6 * 1_024 * 1_024

    /// Checks what a caller asks for; throws what Lambda answers.
    package init(
        batchSize: Int? = nil, window: Int? = nil, maximumConcurrency: Int? = nil, filters: [String] = [],
        reportsItemFailures: Bool = false, isFIFO: Bool
    ) throws(LambdaError) {
        self.isFIFO = isFIFO
        self.reportsItemFailures = reportsItemFailures
        if let batchSize {
            guard (1...(isFIFO ? 10 : 10_000)).contains(batchSize) else {
                throw .invalid(
                    isFIFO
                        ? "Batch size must be between 1 and 10 for FIFO queues."
                        : "Batch size must be between 1 and 10000 for standard queues.")
            }
            self.batchSize = batchSize
        }
        if let window {
            guard (0...300).contains(window) else {
                throw .invalid("Maximum batching window in seconds must be between 0 and 300 seconds.")
            }
            guard !isFIFO || window == 0 else {
                throw .invalid("Batching window is not supported for FIFO queues.")
            }
            self.window = window
        }
        guard self.batchSize <= 10 || self.window >= 1 else {
            throw .invalid(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10.")
        }
        if let maximumConcurrency {
            guard (2...1_000).contains(maximumConcurrency) else {
                throw .invalid("Maximum concurrency must be between 2 and 1000.")
            }
            self.maximumConcurrency = maximumConcurrency
        }
        guard filters.count <= FilterPattern.most else {
            throw .invalid("A mapping has at most \(FilterPattern.most) filters.")
        }
        for text in filters { self.filters.append(try FilterPattern(text)) }
    }

    /// Whether the function is to see a message; one that it is not to see is deleted.
    package func accepts(body: String) -> Bool { filters.isEmpty || filters.contains { $0.matches(body: body) } }
}
