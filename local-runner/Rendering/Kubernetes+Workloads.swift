import Model
import TopologyFile

/// What runs: a Deployment, or what is scaled, for each function.
extension Kubernetes {
    /// - Parameters:
    ///   - component: what its pods are; nil: the name.
    ///   - instance: the label that tells them from others of the component.
    func deployment(
        _ name: String, of component: String? = nil, instance: JSON.Member? = nil, replicas: Int?,
        strategy: JSON? = nil, pod: JSON
    ) -> JSON {
        let own = JSON.object((labels(component ?? name).members ?? []) + (instance.map { [$0] } ?? []))
        var spec: [JSON.Member] = []
        if let replicas { spec.append(.init("replicas", .integer(replicas))) }
        spec += [
            .init("revisionHistoryLimit", 3), .init("selector", ["matchLabels": own]),
            .init(
                "strategy",
                strategy ?? ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": 0, "maxSurge": 1]]),
            .init("template", pod),
        ]
        return object("apps/v1", "Deployment", name, [.init("spec", .object(spec))])
    }

    func disruptionBudget(_ name: String, _ rule: JSON) -> JSON {
        object(
            "policy/v1", "PodDisruptionBudget", name,
            [.init("spec", .object((rule.members ?? []) + [.init("selector", selector(name))]))])
    }

    private func service(_ name: String, _ port: Int) -> JSON {
        object(
            "v1", "Service", name,
            [
                .init(
                    "spec",
                    [
                        "selector": labels(name),
                        "ports": [["name": "http", "port": .integer(port), "targetPort": "http"]],
                    ])
            ])
    }

    // MARK: Resident functions

    func resident(_ function: FunctionSpecification, _ every: Duration) -> [JSON] {
        let arguments = ["--every", every.text]
        guard function.name == "loader" else {
            // A second one does no harm, and takes over at once.
            let replicas = function.name == "monitor" ? 2 : 1
            let one = deployment(function.name, replicas: replicas, pod: pod(function.name, arguments))
            return replicas == 1 ? [one] : [one, disruptionBudget(function.name, ["maxUnavailable": 1])]
        }
        return loaders(arguments)
    }

    /// Each loader has its shards. One whose node dies is started on another; until then its shards wait.
    private func loaders(_ arguments: [String]) -> [JSON] {
        let count = min(options.loaders, topology.scheduleShards)
        let deployments = (0..<count).map { number -> JSON in
            let shards = (0..<topology.scheduleShards).filter { $0 % count == number }
            let instance = JSON.Member("app.kubernetes.io/instance", .string("loader-\(number)"))
            return deployment(
                "loader-\(number)", of: "loader", instance: instance, replicas: 1,
                // Two at once would only wait for each other's locks.
                strategy: ["type": "Recreate"],
                pod: pod(
                    "loader", arguments + shards.flatMap { ["--shard", String($0)] }, instance: instance))
        }
        return deployments + [disruptionBudget("loader", ["maxUnavailable": 1])]
    }

    // MARK: Workers

    func worker(_ function: FunctionSpecification, _ pull: FunctionSpecification.Pull) -> [JSON] {
        let name = function.name
        let takesBatch = ["trigger-worker", "step-worker"].contains(name)
        let arguments = takesBatch ? ["--batch", String(pull.batch)] : []
        let grace = min(3_600, max(30, Int(function.timeout.microseconds / 1_000_000)))
        if options.jobs.contains(name) {
            let pod = pod(name, arguments + ["--idle", "30s", "--max-age", "10m"], grace: grace, restarts: "Never")
            return [scaledJob(name, pull, pod: pod)]
        }
        return [
            deployment(name, replicas: nil, pod: pod(name, arguments, grace: grace)),
            scaledObject(name, pull), disruptionBudget(name, ["maxUnavailable": "25%"]),
        ]
    }

    // MARK: The API, SQS, migrations

    var api: [JSON] {
        [
            deployment("api", replicas: options.apis, pod: pod("api", ["--host", "0.0.0.0", "--port", "8080"])),
            service("api", 8_080), disruptionBudget("api", ["minAvailable": 1]),
        ]
    }

    var sqs: [JSON] {
        [
            deployment("sqs", replicas: 2, pod: pod("sqs", ["--host", "0.0.0.0", "--port", "9324"])),
            service("sqs", 9_324), disruptionBudget("sqs", ["minAvailable": 1]),
        ]
    }

    /// Brings the database to the schema of the release. Functions wait for it.
    var migration: [JSON] {
        let container: JSON = [
            "name": "migrate", "image": .string("\(options.images)headgate"),
            "args": ["migrate", "--shards", .string("\(topology.scheduleShards)")],
            "env": [
                secret("HEADGATE_POSTGRES", "headgate-postgres", "owner-url"),
                secret("HEADGATE_ROLE_PASSWORD", "headgate-postgres", "role-password"),
            ],
            "resources": resources(of: "migrate"), "securityContext": rights,
        ]
        let pod: JSON = [
            "metadata": ["labels": labels("migrate")],
            "spec": [
                "automountServiceAccountToken": false, "enableServiceLinks": false, "restartPolicy": "OnFailure",
                "securityContext": identity, "containers": [container],
            ],
        ]
        // A Job cannot be changed: each release has one of its own.
        let suffix = String(options.tag.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
        return [
            object(
                "batch/v1", "Job", "migrate-\(suffix)",
                [.init("spec", ["backoffLimit": 6, "ttlSecondsAfterFinished": 86_400, "template": pod])])
        ]
    }

    /// Through which the API reaches the database.
    var pooler: [JSON] {
        let container: JSON = [
            "name": "pooler", "image": .string(options.pooler),
            "env": [
                secret("DATABASE_URL", "headgate-postgres", "pooler-url"),
                ["name": "POOL_MODE", "value": "transaction"],
                ["name": "MAX_PREPARED_STATEMENTS", "value": "200"], ["name": "DEFAULT_POOL_SIZE", "value": "20"],
                ["name": "MAX_CLIENT_CONN", "value": "500"], ["name": "LISTEN_PORT", "value": "6432"],
                ["name": "AUTH_TYPE", "value": "scram-sha-256"],
            ],
            "ports": [["name": "postgres", "containerPort": 6_432]],
            "readinessProbe": ["tcpSocket": ["port": "postgres"], "periodSeconds": 5],
            "resources": resources(of: "pooler"),
            // It writes its configuration at its start.
            "securityContext": ["allowPrivilegeEscalation": false, "capabilities": ["drop": ["ALL"]]],
        ]
        let pod: JSON = [
            "metadata": ["labels": labels("pooler")],
            "spec": [
                "automountServiceAccountToken": false, "enableServiceLinks": false,
                "securityContext": [
                    "runAsNonRoot": true, "runAsUser": 70, "seccompProfile": ["type": "RuntimeDefault"],
                ],
                "containers": [container],
            ],
        ]
        let service = object(
            "v1", "Service", "pooler",
            [
                .init(
                    "spec",
                    [
                        "selector": labels("pooler"),
                        "ports": [["name": "postgres", "port": 6_432, "targetPort": "postgres"]],
                    ])
            ])
        return [
            deployment("pooler", replicas: 2, pod: pod), service, disruptionBudget("pooler", ["minAvailable": 1]),
        ]
    }
}
