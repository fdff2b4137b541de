/// The functions and queues of an installation, as `infra/topology.yaml` says: the one source for laptop and production.
package struct Topology: Equatable, Sendable {
    /// In the order of the file.
    package var functions: [FunctionSpecification]
    /// In the order of the file.
    package var queues: [QueueSpecification]

    package init(functions: [FunctionSpecification], queues: [QueueSpecification]) {
        self.functions = functions
        self.queues = queues
    }

    /// The number of schedule shards: the loader's, 16 without one.
    package var scheduleShards: Int {
        for case .resident(_, let shards?) in functions.map(\.work) { return shards }
        return 16
    }
}
