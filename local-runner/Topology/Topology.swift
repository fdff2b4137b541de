/// The functions and queues of an installation, as `infra/topology.yaml` describes them for laptop and production
/// alike.
package struct Topology: Equatable, Sendable {
    /// In the order of the file.
    package var functions: [FunctionSpecification]
    /// In the order of the file.
    package var queues: [QueueSpecification]
    /// Those of kind sqs, in the order of the file.
    package var sqsQueues: [SQSQueueSpecification]
    /// The name of the file.
    package var file = ""
    /// The lines of keys in it, from 1, by path, such as `functions.loader.every`.
    package var lines: [String: Int] = [:]

    /// A topology of these parts, unchecked.
    package init(
        functions: [FunctionSpecification], queues: [QueueSpecification], sqsQueues: [SQSQueueSpecification] = []
    ) {
        self.functions = functions
        self.queues = queues
        self.sqsQueues = sqsQueues
    }

    /// A mistake that the caller has found, at the line of the key or, where the key is absent, of its nearest parent.
    package func mistake(_ key: String, _ detail: String) -> TopologyMistake {
        var path = key[...]
        while !path.isEmpty, lines[String(path)] == nil {
            path = path.lastIndex(of: ".").map { path[..<$0] } ?? ""
        }
        return TopologyMistake(file: file, line: lines[String(path)] ?? 1, key: key, detail: detail)
    }

    /// The functions that run as on AWS Lambda.
    package var lambdaFunctions: [(function: FunctionSpecification, lambda: FunctionSpecification.Lambda)] {
        functions.compactMap { function in
            guard case .lambda(let lambda) = function.work else { return nil }
            return (function, lambda)
        }
    }

    /// The number of schedule shards: the loader's, or 16 if it names none.
    package var scheduleShards: Int {
        for case .resident(_, let shards?) in functions.map(\.work) { return shards }
        return 16
    }
}
