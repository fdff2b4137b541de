import Model
import TopologyFile

/// Pods: what runs in them, and with which rights (PodSecurity `restricted`).
extension Kubernetes {
    static let user = 65_532

    /// Processor and memory, from what was measured (docs/performance.md).
    struct Resources {
        var cpu: String
        var memory: String
        var limit: String
    }

    func resources(_ function: String) -> Resources {
        switch function {
        case "trigger-worker", "step-worker": Resources(cpu: "500m", memory: "128Mi", limit: "512Mi")
        case "loader", "historian": Resources(cpu: "250m", memory: "64Mi", limit: "256Mi")
        case "api", "sqs": Resources(cpu: "250m", memory: "96Mi", limit: "512Mi")
        default: Resources(cpu: "50m", memory: "48Mi", limit: "192Mi")
        }
    }

    /// A pod of a function, whose schema is there before it starts.
    func pod(
        _ function: String, _ arguments: [String], grace: Int = 30, restarts: String? = nil,
        instance: JSON.Member? = nil
    ) -> JSON {
        let needs = FunctionNeeds.of(function, usesSQS: usesSQS)
        var container: [JSON.Member] = [
            .init("name", .string(function)), .init("image", .string("\(options.images)\(function)")),
            .init("args", .array(arguments.map { .string($0) })),
            .init("envFrom", [["configMapRef": ["name": "headgate"]]]),
            .init("env", .array(variables(needs))),
            .init("resources", resources(of: function)), .init("securityContext", rights),
            .init("volumeMounts", [["name": "tmp", "mountPath": "/tmp"]]),
        ]
        if let port = needs?.port {
            container.append(.init("ports", [["name": "http", "containerPort": .integer(port)]]))
            container.append(
                .init("startupProbe", probe("/healthz", port, ["periodSeconds": 1, "failureThreshold": 60])))
            container.append(.init("livenessProbe", probe("/healthz", port, ["periodSeconds": 10])))
            container.append(.init("readinessProbe", probe("/readyz", port, ["periodSeconds": 5])))
        }
        var spec: [JSON.Member] = [
            .init("automountServiceAccountToken", false), .init("enableServiceLinks", false),
            .init("terminationGracePeriodSeconds", .integer(grace)), .init("securityContext", identity),
            .init(
                "topologySpreadConstraints",
                [
                    [
                        "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": selector(function),
                    ]
                ]),
        ]
        if let restarts { spec.append(.init("restartPolicy", .string(restarts))) }
        if let role = needs?.role { spec.append(.init("initContainers", [waitForSchema(role)])) }
        spec.append(.init("containers", [.object(container)]))
        spec.append(.init("volumes", [["name": "tmp", "emptyDir": ["sizeLimit": "64Mi"]]]))
        let labels = JSON.object((labels(function).members ?? []) + (instance.map { [$0] } ?? []))
        return ["metadata": ["labels": labels], "spec": .object(spec)]
    }

    /// Functions of a new release start when its migrations have run.
    private func waitForSchema(_ role: String) -> JSON {
        [
            "name": "schema", "image": .string("\(options.images)headgate"),
            "args": ["migrate", "--wait", "10m"],
            "env": [secret("HEADGATE_POSTGRES", "headgate-postgres", "\(role)-url")],
            "resources": resources(of: "schema"), "securityContext": rights,
        ]
    }

    func secret(_ variable: String, _ name: String, _ key: String) -> JSON {
        [
            "name": .string(variable),
            "valueFrom": ["secretKeyRef": ["name": .string(name), "key": .string(key)]],
        ]
    }

    private func variables(_ needs: FunctionNeeds?) -> [JSON] {
        guard let needs else { return [] }
        var variables: [JSON] = []
        if let role = needs.role {
            // The API's URL leads to the pooler.
            variables.append(secret("HEADGATE_POSTGRES", "headgate-postgres", "\(role)-url"))
        }
        if needs.peers.contains(.redis) { variables.append(secret("HEADGATE_REDIS", "headgate-redis", "url")) }
        for (variable, key) in needs.secrets { variables.append(secret(variable, "headgate-keys", key)) }
        if needs.peers.contains(.sqs) {
            for (variable, key) in [
                ("AWS_REGION", "region"), ("AWS_ACCESS_KEY_ID", "key-id"), ("AWS_SECRET_ACCESS_KEY", "secret"),
            ] { variables.append(secret(variable, "headgate-sqs", key)) }
        }
        return variables
    }

    func resources(of function: String) -> JSON {
        let own = resources(function)
        return [
            "requests": ["cpu": .string(own.cpu), "memory": .string(own.memory)],
            "limits": ["memory": .string(own.limit)],
        ]
    }

    var rights: JSON {
        [
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": ["drop": ["ALL"]],
        ]
    }

    var identity: JSON {
        [
            "runAsNonRoot": true, "runAsUser": .integer(Kubernetes.user), "runAsGroup": .integer(Kubernetes.user),
            "seccompProfile": ["type": "RuntimeDefault"],
        ]
    }

    private func probe(_ path: String, _ port: Int, _ times: JSON) -> JSON {
        .object(
            [.init("httpGet", ["path": .string(path), "port": "http"])] + (times.members ?? []))
    }
}
