import Model
import TopologyFile

/// Who may connect to whom: nobody but by these rules.
extension Kubernetes {
    /// Blocks that are not public (IANA's registries of special-purpose addresses), which calls of targets never go to.
    private static let privateBlocks = [
        "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    ]

    var network: [JSON] {
        var policies: [JSON] = [
            object(
                "networking.k8s.io/v1", "NetworkPolicy", "deny-all",
                [.init("spec", ["podSelector": .object([]), "policyTypes": ["Ingress", "Egress"]])]),
            object(
                "networking.k8s.io/v1", "NetworkPolicy", "names",
                [
                    .init(
                        "spec",
                        [
                            "podSelector": ["matchLabels": ["app.kubernetes.io/name": "headgate"]],
                            "policyTypes": ["Egress"],
                            "egress": [
                                [
                                    "to": [
                                        [
                                            "namespaceSelector": [
                                                "matchLabels": ["kubernetes.io/metadata.name": "kube-system"]
                                            ]
                                        ]
                                    ],
                                    "ports": [port(53, "UDP"), port(53)],
                                ]
                            ],
                        ])
                ]),
        ]
        for function in components { policies.append(policy(function)) }
        policies.append(
            policy("pooler", egress: [.postgres], ingress: [["from": [pods("api")], "ports": [port(6_432)]]]))
        policies.append(policy("migrate", egress: [.postgres], ingress: []))
        return policies
    }

    /// The functions that run.
    var components: [String] { topology.functions.map(\.name) + ["api"] + (servesSQS ? ["sqs"] : []) }

    private func policy(_ function: String) -> JSON {
        guard let needs = FunctionNeeds.of(function, usesSQS: usesSQS) else {
            preconditionFailure("\(function) is none of Headgate's functions")
        }
        var peers = needs.peers
        // Its wait for the schema goes straight to the database.
        if needs.role != nil { peers.insert(.postgres) }
        // Whoever may reach the port is decided by what is in front of it.
        let ingress: [JSON] =
            switch function {
            case "sqs": [["from": .array(sqsClients.map(pods) + [scaler]), "ports": [port(9_324)]]]
            default: needs.port.map { [["ports": [port($0)]]] } ?? []
            }
        return policy(function, egress: peers, ingress: ingress)
    }

    /// KEDA, which counts the messages of queues.
    private var scaler: JSON {
        ["namespaceSelector": ["matchLabels": ["kubernetes.io/metadata.name": "keda"]]]
    }

    private var sqsClients: [String] {
        components.filter { FunctionNeeds.of($0, usesSQS: usesSQS)?.peers.contains(.sqs) == true }
    }

    private func policy(_ name: String, egress: Set<FunctionNeeds.Peer>, ingress: [JSON]) -> JSON {
        let rules = FunctionNeeds.Peer.allCases.filter(egress.contains).map(rule)
        return object(
            "networking.k8s.io/v1", "NetworkPolicy", name,
            [
                .init(
                    "spec",
                    [
                        "podSelector": selector(name), "policyTypes": ["Ingress", "Egress"],
                        "ingress": .array(ingress), "egress": .array(rules),
                    ])
            ])
    }

    private func rule(_ peer: FunctionNeeds.Peer) -> JSON {
        switch peer {
        case .postgres: ["to": [place(options.postgresBlock, "postgresql")], "ports": [port(5_432)]]
        case .pooler: ["to": [pods("pooler")], "ports": [port(6_432)]]
        case .redis: ["to": [place(options.redisBlock, "redis")], "ports": [port(6_379)]]
        case .api: ["to": [pods("api")], "ports": [port(8_080)]]
        case .sqs:
            servesSQS
                ? ["to": [pods("sqs")], "ports": [port(9_324)]]
                : ["to": [["ipBlock": ["cidr": "0.0.0.0/0"]]], "ports": [port(443)]]
        case .targets:
            [
                "to": .array(
                    [
                        [
                            "ipBlock": [
                                "cidr": "0.0.0.0/0",
                                "except": .array(Kubernetes.privateBlocks.map { .string($0) }),
                            ]
                        ]
                    ] + options.targetBlocks.map { ["ipBlock": ["cidr": .string($0)]] })
            ]
        }
    }

    private func pods(_ component: String) -> JSON { ["podSelector": selector(component)] }

    private func place(_ block: String?, _ name: String) -> JSON {
        if let block { return ["ipBlock": ["cidr": .string(block)]] }
        return [
            "namespaceSelector": .object([]),
            "podSelector": ["matchLabels": ["app.kubernetes.io/name": .string(name)]],
        ]
    }

    private func port(_ number: Int, _ transport: String = "TCP") -> JSON {
        ["protocol": .string(transport), "port": .integer(number)]
    }
}
