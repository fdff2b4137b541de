import Foundation
import Model
import Processes
import Rendering
import Testing
import TopologyFile
import Yams

/// What is made for Kubernetes from a topology.
@Suite struct KubernetesTests {
    static let project = URL(filePath: #filePath).appending(path: "../../..").standardized.path()

    static func topology(_ yaml: String? = nil) throws -> Topology {
        let path = "infra/topology.yaml"
        return try Topology(yaml: try yaml ?? #require(LocalFile.text("\(project)/\(path)")), file: path)
    }

    /// All objects of the base.
    private static func objects(_ topology: Topology, _ options: Kubernetes.Options = .init()) throws -> [Node] {
        try Kubernetes(topology, options).files().filter { $0.path.hasPrefix("base/") }
            .flatMap { Array(try Yams.compose_all(yaml: $0.text)) }
            .filter { $0["kind"]?.string != "Kustomization" }
    }

    private static func named(_ name: String, _ kind: String, _ objects: [Node]) throws -> Node {
        try #require(objects.first { $0["kind"]?.string == kind && $0["metadata"]?["name"]?.string == name })
    }

    /// The pods that objects make.
    private static func pods(_ objects: [Node]) -> [(name: String, spec: Node)] {
        objects.compactMap { object in
            let template = object["spec"]?["template"] ?? object["spec"]?["jobTargetRef"]?["template"]
            guard let spec = template?["spec"], let name = object["metadata"]?["name"]?.string else { return nil }
            return (name, spec)
        }
    }

    @Test func `what is in the repository is what its topology makes`() throws {
        let folder = RenderedFolder("\(Self.project)/infra/kubernetes")
        #expect(folder.changes(to: try Kubernetes(try Self.topology()).files()) == [], "run `make render`")
    }

    @Test func `every function of the topology runs, with its arguments`() throws {
        let objects = try Self.objects(try Self.topology())
        func arguments(_ name: String) throws -> [String] {
            let pod = Self.pods(objects).first { $0.name == name }
            return try #require(pod?.spec["containers"]?[0]?["args"]?.array().compactMap { $0.string })
        }
        #expect(try arguments("trigger-worker") == ["--batch", "200"])
        #expect(try arguments("monitor") == ["--every", "5s"])
        let shards = try (0..<2).map { try arguments("loader-\($0)") }
        #expect(shards[0].prefix(4) == ["--every", "1s", "--shard", "0"])
        #expect(Set(shards.joined().compactMap { Int($0) }) == Set(0..<16), "each shard once")
        #expect(shards.joined().count == 2 * 2 + 2 * 16)
        let names = Set(Self.pods(objects).map(\.name))
        #expect(
            names.isSuperset(of: ["step-worker", "historian", "flow-historian", "api", "pooler", "migrate-latest"]))
    }

    /// Kubernetes, "Pod Security Standards", restricted.
    @Test func `every pod is as restricted as can be, and refers to its secrets`() throws {
        let known: [String: Set<String>] = [
            "headgate-postgres": ["owner-url", "engine-url", "api-url", "pooler-url", "role-password"],
            "headgate-redis": ["url", "password"], "headgate-keys": ["secret-keys", "service-key"],
            "headgate-sqs": ["region", "key-id", "secret"],
        ]
        for topology in [try Self.topology(), try Self.topology(Self.inSQS)] {
            for (name, spec) in Self.pods(try Self.objects(topology)) {
                let pod = try #require(spec["securityContext"], "\(name)")
                #expect(pod["runAsNonRoot"]?.bool == true && (pod["runAsUser"]?.int ?? 0) > 0, "\(name)")
                #expect(pod["seccompProfile"]?["type"]?.string == "RuntimeDefault", "\(name)")
                #expect(spec["automountServiceAccountToken"]?.bool == false, "\(name)")
                let containers = (spec["containers"]?.array() ?? []) + (spec["initContainers"]?.array() ?? [])
                #expect(!containers.isEmpty)
                for container in containers {
                    let own = try #require(container["securityContext"])
                    #expect(own["allowPrivilegeEscalation"]?.bool == false, "\(name)")
                    #expect(own["capabilities"]?["drop"]?.array().map(\.string) == ["ALL"], "\(name)")
                    if name != "pooler" { #expect(own["readOnlyRootFilesystem"]?.bool == true, "\(name)") }
                    #expect(container["resources"]?["limits"]?["memory"] != nil, "\(name)")
                    for variable in container["env"]?.array() ?? [] {
                        guard let reference = variable["valueFrom"]?["secretKeyRef"] else { continue }
                        let (secret, key) = (reference["name"]?.string ?? "", reference["key"]?.string ?? "")
                        #expect(known[secret]?.contains(key) == true, "\(name): \(secret)/\(key)")
                    }
                }
            }
        }
    }

    @Test func `workers are scaled by the ready and leased messages of all shards together`() throws {
        let topology = try Self.topology(
            """
            functions:
              trigger-worker: { queue: triggers, batch: 50, concurrency: 0..20 }
            queues:
              triggers: { shards: 2 }
              outcomes: { shards: 2 }
            """)
        let scaled = try Self.named("trigger-worker", "ScaledObject", try Self.objects(topology))
        let spec = try #require(scaled["spec"])
        #expect(spec["minReplicaCount"]?.int == 1, "a burst finds a worker")
        #expect(spec["maxReplicaCount"]?.int == 20)
        let modifiers = try #require(spec["advanced"]?["scalingModifiers"])
        #expect(
            modifiers["formula"]?.string
                == "triggers_0_ready + triggers_0_leased + triggers_1_ready + triggers_1_leased")
        #expect(modifiers["target"]?.string == "500")
        #expect(
            spec["triggers"]?.array().compactMap { $0["metadata"]?["listName"]?.string } == [
                "hg:{0}:triggers:r", "hg:{0}:triggers:f", "hg:{1}:triggers:r", "hg:{1}:triggers:f",
            ])
        var options = Kubernetes.Options()
        options.jobs = ["trigger-worker"]
        let job = try Self.named("trigger-worker", "ScaledJob", try Self.objects(topology, options))
        let pod = try #require(job["spec"]?["jobTargetRef"]?["template"]?["spec"])
        #expect(pod["restartPolicy"]?.string == "Never")
        #expect(pod["containers"]?[0]?["args"]?.array().last?.string == "10m", "its pods end by themselves")
    }

    @Test func `workers of queues in SQS are scaled by its counts`() throws {
        let objects = try Self.objects(try Self.topology(Self.inSQS))
        let spec = try #require(try Self.named("trigger-worker", "ScaledObject", objects)["spec"])
        #expect(spec["triggers"]?.array().count == 1 && spec["advanced"]?["scalingModifiers"] == nil)
        let metadata = try #require(spec["triggers"]?[0]?["metadata"])
        #expect(metadata["queueURL"]?.string == "http://sqs:9324/000000000000/triggers")
        #expect(metadata["awsEndpoint"]?.string == "http://sqs:9324" && metadata["scaleOnInFlight"]?.string == "true")
        _ = try Self.named("headgate-sqs", "TriggerAuthentication", objects)
        let settings = try Self.named("headgate", "ConfigMap", objects)
        #expect(settings["data"]?["HEADGATE_SQS"]?.string == "http://sqs:9324")
        var options = Kubernetes.Options()
        options.sqs = "https://sqs.eu-central-1.amazonaws.com"
        options.account = "123456789012"
        let amazon = try Self.named(
            "historian", "ScaledObject", try Self.objects(try Self.topology(Self.inSQS), options))
        let there = try #require(amazon["spec"]?["triggers"]?[0]?["metadata"])
        #expect(there["queueURL"]?.string == "https://sqs.eu-central-1.amazonaws.com/123456789012/outcomes")
        #expect(there["awsEndpoint"] == nil)
    }

    // MARK: Network

    private static let inSQS = """
        functions:
          loader: { every: 1s, shards: 4 }
          trigger-worker: { queue: triggers }
          historian: { queue: outcomes }
          monitor: { every: 5s }
        queues:
          triggers: { kind: sqs }
          outcomes: { kind: sqs }
        """

    /// Whether the rules let one pod open a connection to another at a port: both must allow it.
    private static func mayConnect(_ from: String, _ to: String, _ port: Int, _ policies: [Node]) -> Bool {
        func applies(_ selector: Node?, _ pod: String) -> Bool {
            guard let labels = selector?["matchLabels"]?.mapping else { return selector?.mapping?.isEmpty ?? false }
            return labels.allSatisfy { key, value in
                switch key.string {
                case "app.kubernetes.io/name": value.string == (outside[pod] ?? "headgate")
                case "app.kubernetes.io/component": outside[pod] == nil && value.string == pod
                default: false
                }
            }
        }
        func allows(_ rule: Node, _ side: String, _ pod: String) -> Bool {
            let ports = rule["ports"]?.array().compactMap { $0["port"]?.int }
            guard ports?.contains(port) ?? true else { return false }
            guard let peers = rule[side]?.array() else { return true }
            return peers.contains { peer in
                if let block = peer["ipBlock"] { return pod == "target" && block["cidr"]?.string == "0.0.0.0/0" }
                return applies(peer["podSelector"], pod) && peer["podSelector"] != nil
            }
        }
        func permits(_ pod: String, _ direction: String, _ side: String, _ other: String) -> Bool {
            // Pods that are not ours have no rules here.
            if outside[pod] != nil { return true }
            return policies.contains { policy in
                applies(policy["spec"]?["podSelector"], pod)
                    && (policy["spec"]?[direction]?.array() ?? []).contains { allows($0, side, other) }
            }
        }
        return permits(from, "egress", "to", to) && permits(to, "ingress", "from", from)
    }
    /// Pods of others, by the name that they carry.
    private static let outside = ["postgres": "postgresql", "redis": "redis", "target": "somebody", "client": "other"]

    @Test func `each function reaches what it needs, and nothing else`() throws {
        let policies = try Self.objects(try Self.topology()).filter { $0["kind"]?.string == "NetworkPolicy" }
        let expected: [String: Set<String>] = [
            "loader": ["postgres", "redis"], "trigger-worker": ["redis", "api", "target"],
            "step-worker": ["postgres", "redis", "target"], "historian": ["postgres", "redis"],
            "flow-historian": ["postgres"], "monitor": ["postgres", "redis"], "api": ["postgres", "pooler", "redis"],
            "pooler": ["postgres"], "migrate": ["postgres"],
        ]
        let ports = ["postgres": 5_432, "redis": 6_379, "api": 8_080, "pooler": 6_432, "target": 443]
        for from in expected.keys.sorted() + ["client"] {
            for to in expected.keys.sorted() + ["postgres", "redis", "target"] where from != to {
                let allowed = Self.mayConnect(from, to, ports[to] ?? 8_080, policies)
                let isMeant = from == "client" ? to == "api" : expected[from]?.contains(to) == true
                if from == "client", Self.outside[to] != nil { continue }
                #expect(allowed == isMeant, "\(from) to \(to)")
                #expect(
                    !Self.mayConnect(from, to, 22, policies) || to == "target" && isMeant
                        || Self.outside[to] != nil && from == "client")
            }
        }
        let denying = policies.first { $0["metadata"]?["name"]?.string == "deny-all" }
        #expect(denying?["spec"]?["policyTypes"]?.array().compactMap(\.string) == ["Ingress", "Egress"])
    }

    @Test func `with queues in SQS functions reach the endpoint, and only its users do`() throws {
        let policies = try Self.objects(try Self.topology(Self.inSQS)).filter { $0["kind"]?.string == "NetworkPolicy" }
        for (from, isMeant) in [
            ("loader", true), ("trigger-worker", true), ("historian", true), ("monitor", true), ("api", true),
            ("pooler", false), ("migrate", false), ("client", false),
        ] {
            #expect(Self.mayConnect(from, "sqs", 9_324, policies) == isMeant, "\(from)")
        }
        #expect(
            Self.mayConnect("sqs", "redis", 6_379, policies) && !Self.mayConnect("sqs", "postgres", 5_432, policies))
    }

    // MARK: Refusals

    @Test(arguments: [
        (
            "mine: { queue: triggers, command: [python3, x.py] }", "triggers: {}", [String](),
            ["t.yaml:2: functions.mine.command: there is no image"]
        ),
        (
            "trigger-worker: { queue: triggers, runtime: lambda }",
            "triggers: { kind: sqs }\n  outcomes: { kind: sqs }", [],
            ["t.yaml:2: functions.trigger-worker.runtime: a Lambda function does not run on Kubernetes"]
        ),
        ("loader: { every: 1s }", "triggers: {}", ["loader"], ["t.yaml:2: functions.loader: --job"]),
        ("loader: { every: 1s }", "triggers: {}", ["nobody"], ["t.yaml:1: functions: --job"]),
    ]) func `what Kubernetes cannot express is refused with its line`(
        function: String, queues: String, jobs: [String], expected: [String]
    ) throws {
        let topology = try Topology(
            yaml: "functions:\n  \(function)\nqueues:\n  \(queues)\n", file: "t.yaml")
        var options = Kubernetes.Options()
        options.jobs = jobs
        let error = #expect(throws: TopologyMistakes.self) { try Kubernetes(topology, options).files() }
        let found = error?.mistakes.map(\.description) ?? []
        #expect(found.count == expected.count)
        for (mistake, start) in zip(found, expected) { #expect(mistake.hasPrefix(start), "\(mistake)") }
    }
}
