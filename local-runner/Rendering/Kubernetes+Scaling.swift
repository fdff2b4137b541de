import Model
import TopologyFile

/// How workers are scaled: by KEDA, from the sets of Redis that hold a queue's ready and leased messages, or from SQS's counts.
extension Kubernetes {
    /// Batches of backlog for each process, as in the local runner.
    private static let batches = 10

    /// Leased messages count, too: those of a killed worker come back. KEDA's Redis scaler counts a sorted set by its name as it
    /// counts a list (keda.sh, "Redis Lists").
    private func triggers(_ pull: FunctionSpecification.Pull) -> [JSON] {
        let size = JSON.string(String(pull.batch * Kubernetes.batches))
        return pull.queues.flatMap { name -> [JSON] in
            guard let queue = topology.queues.first(where: { $0.name == name }) else { return [] }
            if queue.isSQS {
                return [sqsTrigger(name, size)]
            }
            return (0..<queue.shards).flatMap { shard in
                [("ready", "r"), ("leased", "f")].map { set, suffix -> JSON in
                    [
                        "type": "redis", "name": .string("\(name)_\(shard)_\(set)"),
                        "metadata": [
                            "address": .string(options.redis), "listName": .string("hg:{\(shard)}:\(name):\(suffix)"),
                            "listLength": size, "activationListLength": "0",
                        ],
                        "authenticationRef": ["name": "headgate-redis"],
                    ]
                }
            }
        }
    }

    /// KEDA counts what waits and what is in flight (keda.sh, "AWS SQS Queue").
    private func sqsTrigger(_ name: String, _ size: JSON) -> JSON {
        let address = options.sqs ?? "http://sqs:9324"
        var metadata: [JSON.Member] = [
            .init("queueURL", .string("\(address)/\(options.account)/\(name)")), .init("queueLength", size),
            .init("awsRegion", .string(options.region)), .init("scaleOnInFlight", "true"),
        ]
        if !address.hasSuffix(".amazonaws.com") { metadata.append(.init("awsEndpoint", .string(address))) }
        return [
            "type": "aws-sqs-queue", "name": .string("\(name)_all"), "metadata": .object(metadata),
            "authenticationRef": ["name": "headgate-sqs"],
        ]
    }

    /// A process for every ten batches of backlog, of all shards together. At least one, so that a burst finds a worker.
    func scaledObject(_ name: String, _ pull: FunctionSpecification.Pull) -> JSON {
        let triggers = triggers(pull)
        let sum = triggers.compactMap { $0["name"]?.text }.joined(separator: " + ")
        let least = max(1, pull.concurrency.lowerBound)
        var spec: [JSON.Member] = [
            .init("scaleTargetRef", ["name": .string(name)]), .init("pollingInterval", 5),
            .init("cooldownPeriod", 60), .init("minReplicaCount", .integer(least)),
            .init("maxReplicaCount", .integer(max(least, pull.concurrency.upperBound))),
        ]
        var advanced: [JSON.Member] = [
            .init(
                "horizontalPodAutoscalerConfig",
                ["behavior": ["scaleDown": ["stabilizationWindowSeconds": 120]]])
        ]
        if triggers.count > 1 {
            advanced.append(
                .init(
                    "scalingModifiers",
                    ["formula": .string(sum), "target": .string(String(pull.batch * Kubernetes.batches))]))
        }
        spec += [.init("advanced", .object(advanced)), .init("triggers", .array(triggers))]
        return object("keda.sh/v1alpha1", "ScaledObject", name, [.init("spec", .object(spec))])
    }

    /// Pods that end by themselves when they are idle or old: a smaller backlog ends no busy one.
    func scaledJob(_ name: String, _ pull: FunctionSpecification.Pull, pod: JSON) -> JSON {
        object(
            "keda.sh/v1alpha1", "ScaledJob", name,
            [
                .init(
                    "spec",
                    [
                        "jobTargetRef": ["backoffLimit": 0, "template": pod], "pollingInterval": 5,
                        "successfulJobsHistoryLimit": 1, "failedJobsHistoryLimit": 5,
                        "minReplicaCount": .integer(max(1, pull.concurrency.lowerBound)),
                        "maxReplicaCount": .integer(max(1, pull.concurrency.upperBound)),
                        "rollout": ["strategy": "gradual"],
                        "scalingStrategy": ["strategy": "default", "multipleScalersCalculation": "sum"],
                        "triggers": .array(triggers(pull)),
                    ])
            ])
    }

    /// With what KEDA reads Redis, and SQS where queues are there.
    var authentications: [JSON] {
        let redis = authentication("headgate-redis", [("password", "password")])
        guard usesSQS else { return [redis] }
        return [
            redis, authentication("headgate-sqs", [("awsAccessKeyID", "key-id"), ("awsSecretAccessKey", "secret")]),
        ]
    }

    private func authentication(_ secret: String, _ keys: [(parameter: String, key: String)]) -> JSON {
        let references = keys.map { parameter, key -> JSON in
            ["parameter": .string(parameter), "name": .string(secret), "key": .string(key)]
        }
        return object(
            "keda.sh/v1alpha1", "TriggerAuthentication", secret,
            [.init("spec", ["secretTargetRef": .array(references)])])
    }
}
