/// One function of the topology: what it is for, and how many of it may run.
package struct FunctionSpecification: Equatable, Sendable {
    /// Why processes of the function exist.
    package enum Work: Equatable, Sendable {
        /// One process that stays, and ticks in that period. `shards` is the number of schedule shards, for the loader.
        case resident(every: Duration, shards: Int?)
        /// Processes that lease from queues, as many as the backlog asks for.
        case pull(Pull)
    }

    package struct Pull: Equatable, Sendable {
        package var queues: [String]
        /// Messages of one lease; 1 to 10,000, default 100.
        package var batch = 100
        /// How long a lease may wait to fill; 0 s to 5 min, default 0 s.
        package var window: Duration = .zero
        /// How many processes run at least and at most; 0 to 1,250, default 1..1.
        package var concurrency: ClosedRange<Int> = 1...1

        package init(queues: [String]) { self.queues = queues }
    }

    package var name: String
    package var work: Work
    /// The longest that one message may take; 1 s to 15 min, default 5 min.
    package var timeout: Duration = .seconds(300)
    /// The memory limit in bytes, nil for none.
    package var memory: Int?
    /// The program and its first arguments; nil for a built-in function, whose program has its name.
    package var command: [String]?

    package init(name: String, work: Work) {
        self.name = name
        self.work = work
    }

    /// The functions that Headgate brings; others need a `command`.
    package static let builtIn = ["loader", "trigger-worker", "historian", "monitor"]
}
