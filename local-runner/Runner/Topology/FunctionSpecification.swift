/// A function of the topology: what it works on, and how many of it may run.
package struct FunctionSpecification: Equatable, Sendable {
    /// What makes processes of the function run.
    package enum Work: Equatable, Sendable {
        /// One process that stays and works once per period. `shards` is the number of schedule shards, for the loader.
        case resident(every: Duration, shards: Int?)
        /// Processes that lease from queues, as many as the backlog asks for.
        case pull(Pull)
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
    /// The longest that one message may take; 1 s to 15 min, by default 5 min. Not enforced locally.
    package var timeout: Duration = .seconds(300)
    /// The memory limit in bytes; nil: none. Not enforced locally.
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
