import Model
package import TopologyFile

/// A topology as manifests for Kubernetes: a kustomize base, and overlays for a development and a production cluster.
///
/// Workers are Deployments that KEDA scales by the ready and the leased messages of their queue; the rest are Deployments of
/// their own. Secrets are referred to, never rendered.
package struct Kubernetes: Sendable {
    /// What the topology does not say.
    package struct Options: Equatable, Sendable {
        /// Registry and repository of the images, to which a function's name is added.
        package var images = "headgate/"
        /// The version of the images, and of each overlay's.
        package var tag = "latest"
        /// How many loaders share the shards.
        package var loaders = 2
        /// Processes of the API in production.
        package var apis = 3
        /// Where Redis is, for KEDA: `host:port`.
        package var redis = "redis:6379"
        /// Addresses of the database and of Redis, as blocks; none: pods with `app.kubernetes.io/name` `postgresql` and `redis`.
        package var postgresBlock: String?
        package var redisBlock: String?
        /// Blocks that calls may go to although they are not public.
        package var targetBlocks: [String] = []
        /// Workers whose pods must not be ended while they are busy: they are ScaledJobs, whose pods end by themselves.
        package var jobs: [String] = []
        /// The image of the pooler.
        package var pooler = "edoburu/pgbouncer:v1.25.0-p0"
        /// The address of SQS, for topologies whose queues are there.
        package var sqs: String?
        /// The account and region of its queues, for KEDA.
        package var account = "000000000000"
        package var region = "us-east-1"
        /// Where remote systems reach the API.
        package var callbackURL = "http://api:8080"

        /// The defaults given at each property.
        package init() {}
    }

    let topology: Topology
    let options: Options
    /// Whether the queues of triggers and outcomes are of kind sqs.
    var usesSQS: Bool { topology.queues.contains(where: \.isSQS) }
    /// Whether the function `sqs` is deployed: queues of kind sqs, and no other address.
    var servesSQS: Bool { !topology.sqsQueues.isEmpty && options.sqs == nil }

    /// Manifests of a topology.
    package init(_ topology: Topology, _ options: Options = Options()) {
        self.topology = topology
        self.options = options
    }

    /// All files. Throws what Kubernetes cannot express.
    package func files() throws(TopologyMistakes) -> [RenderedFile] {
        try check()
        var base: [(name: String, documents: [JSON])] = [("settings", [settings]), ("migrate", migration)]
        for function in topology.functions {
            switch function.work {
            case .resident(let every, _): base.append((function.name, resident(function, every)))
            case .pull(let pull): base.append((function.name, worker(function, pull)))
            case .lambda: preconditionFailure("a Lambda function was accepted")
            }
        }
        base.append(("api", api))
        if servesSQS { base.append(("sqs", sqs)) }
        base.append(("pooler", pooler))
        base.append(("scaling", authentications))
        base.append(("network", network))
        let names = base.map(\.name)
        var files = base.map { RenderedFile(path: "base/\($0.name).yaml", text: YAMLText.text($0.documents)) }
        files.append(RenderedFile(path: "base/kustomization.yaml", text: YAMLText.text([kustomization(names)])))
        for overlay in Overlay.allCases {
            files.append(
                RenderedFile(
                    path: "overlays/\(overlay.rawValue)/kustomization.yaml",
                    text: YAMLText.text([self.overlay(overlay)])))
        }
        return files
    }

    private func check() throws(TopologyMistakes) {
        var mistakes: [TopologyMistake] = []
        for function in topology.functions {
            let key = "functions.\(function.name)"
            if case .lambda = function.work {
                mistakes.append(
                    topology.mistake(
                        "\(key).runtime",
                        "a Lambda function does not run on Kubernetes: leave out `runtime`, and say `concurrency: 1..N` in place of `maxConcurrency`"
                    ))
            } else if function.command != nil {
                mistakes.append(
                    topology.mistake(
                        "\(key).command",
                        "there is no image of a function of your own: deploy it beside, with its own manifest"))
            }
        }
        for queue in topology.sqsQueues where queue.isFIFO && options.sqs == nil && !servesSQS {
            mistakes.append(topology.mistake("queues.\(queue.name)", "needs --sqs or the function sqs"))
        }
        for name in options.jobs {
            let function = topology.functions.first { $0.name == name }
            if case .pull? = function?.work { continue }
            mistakes.append(
                topology.mistake(
                    function == nil ? "functions" : "functions.\(name)", "--job: \(name) is no function with `queue`"))
        }
        if !mistakes.isEmpty { throw TopologyMistakes(mistakes: mistakes.sorted { $0.line < $1.line }) }
    }

    // MARK: Common parts

    func object(_ api: String, _ kind: String, _ name: String, _ rest: [JSON.Member]) -> JSON {
        .object(
            [
                .init("apiVersion", .string(api)), .init("kind", .string(kind)),
                .init("metadata", ["name": .string(name), "labels": labels(name)]),
            ] + rest)
    }

    func labels(_ component: String) -> JSON {
        ["app.kubernetes.io/name": "headgate", "app.kubernetes.io/component": .string(component)]
    }

    func selector(_ component: String) -> JSON { ["matchLabels": labels(component)] }

    /// Settings that are no secrets, the same for all functions.
    private var settings: JSON {
        let queues = JSON.object(topology.queues.map { .init($0.name, $0.json) })
        var data: [JSON.Member] = [
            .init("HEADGATE_QUEUES", .string(queues.description)), .init("HEADGATE_LOG_FORMAT", "json"),
            .init("HEADGATE_API", "http://api:8080"), .init("HEADGATE_CALLBACK_URL", .string(options.callbackURL)),
        ]
        if !options.targetBlocks.isEmpty {
            data.append(.init("HEADGATE_ALLOW_TARGETS", .string(options.targetBlocks.joined(separator: ","))))
        }
        if usesSQS { data.append(.init("HEADGATE_SQS", .string(options.sqs ?? "http://sqs:9324"))) }
        return object("v1", "ConfigMap", "headgate", [.init("data", .object(data))])
    }
}
