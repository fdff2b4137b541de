package import Lambda

/// A function of the topology: what it works on, and how many of it may run.
package struct FunctionSpecification: Equatable, Sendable {
    /// What makes processes of the function run.
    package enum Work: Equatable, Sendable {
        /// One process that stays and works once per period. `shards` is the number of schedule shards, for the loader.
        case resident(every: Duration, shards: Int?)
        /// Processes that lease from queues, as many as the backlog asks for.
        case pull(Pull)
        /// Environments as on AWS Lambda, invoked by the Lambda API and by queues of kind sqs.
        case lambda(Lambda)
    }

    /// How a Lambda function is invoked.
    package struct Lambda: Equatable, Sendable {
        /// Queues of kind sqs whose messages invoke it, by name.
        package var queues: [String] = []
        /// Messages of an invocation; nil: 10.
        package var batch: Int?
        /// Seconds that a batch gathers; 0 to 300, by default 0.
        package var window = 0
        /// Batches of one queue at once; nil: no limit of its own.
        package var maxConcurrency: Int?
        /// The function names the messages that it could not handle (`report: items`).
        package var reportsItemFailures = false
        /// Patterns of which a message must match one; none: every message does.
        package var filters: [String] = []
        /// Invocations that may run at once, and are kept for it; nil: none.
        package var reserved: Int?
        /// Such as `module.function`; nil: what the command names.
        package var handler: String?
        package var environment: [String: String] = [:]
        /// Its processes are stopped between invocations.
        package var freezes = false

        /// A function that no queue invokes.
        package init() {}

        /// The mapping of one of its queues; throws what cannot work.
        package func mapping(of queue: String) throws(LambdaError) -> MappingConfiguration {
            try MappingConfiguration(
                batchSize: batch, window: window, maximumConcurrency: maxConcurrency, filters: filters,
                reportsItemFailures: reportsItemFailures, isFIFO: queue.hasSuffix(".fifo"))
        }
    }

    /// What a pull function leases, and in how many processes.
    package struct Pull: Equatable, Sendable {
        /// By name; at least one.
        package var queues: [String]
        /// Messages per lease; 1 to 10,000, by default 100.
        package var batch = 100
        /// How long a lease may wait to fill; 0 s to 5 min, by default 0 s. Not passed to local functions.
        package var window: Duration = .zero
        /// How many processes may run, at least and at most; 0 to 1,250, by default 1..1.
        package var concurrency: ClosedRange<Int> = 1...1

        /// The defaults given at each property.
        package init(queues: [String]) { self.queues = queues }
    }

    package var name: String
    package var work: Work
    /// The longest that one message may take; 1 s to 15 min, by default 5 min, of a Lambda function 3 s. Enforced locally for
    /// Lambda functions only.
    package var timeout: Duration = .seconds(300)
    /// The memory limit in bytes; nil: none, of a Lambda function 128 MB. Enforced locally for Lambda functions only.
    package var memory: Int?
    /// The program and its first arguments; nil for a built-in function, whose program has its name.
    package var command: [String]?

    /// A built-in function with the defaults given at each property.
    package init(name: String, work: Work) {
        self.name = name
        self.work = work
    }

    /// The built-in functions that a topology may name (the API always runs); all others need a `command`.
    package static let builtIn = ["loader", "trigger-worker", "step-worker", "historian", "flow-historian", "monitor"]
}
