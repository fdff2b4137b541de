/// The functions and queues of an installation, as `infra/topology.yaml` describes them for laptop and production
/// alike.
package struct Topology: Equatable, Sendable {
    /// In the order of the file.
    package var functions: [FunctionSpecification]
    /// In the order of the file.
    package var queues: [QueueSpecification]

    /// A topology of these parts, unchecked.
    package init(functions: [FunctionSpecification], queues: [QueueSpecification]) {
        self.functions = functions
        self.queues = queues
    }

    /// The number of schedule shards: the loader's, or 16 if it names none.
    package var scheduleShards: Int {
        for case .resident(_, let shards?) in functions.map(\.work) { return shards }
        return 16
    }
}
