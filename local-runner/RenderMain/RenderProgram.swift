import ArgumentParser
import Glibc
import Model
import Processes
import Rendering
import TopologyFile

@main struct RenderProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "headgate render", abstract: "Make what is deployed from a topology.",
        discussion: """
            Files that were changed by hand since they were rendered are shown and not overwritten, and then nothing is \
            written, unless --force. With --check nothing is written either; the exit code is 1 if anything would be.
            """, subcommands: [RenderKubernetesCommand.self])

    /// Writes a line to standard error.
    static func say(_ text: String) {
        let bytes = Array("\(text)\n".utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    }
}

/// Where rendered files go, and what becomes of those that are there.
struct RenderOutput: ParsableArguments {
    @Option(help: "The topology file.") var topology = "infra/topology.yaml"
    @Option(help: "The folder that gets the files.") var output: String
    @Flag(help: "Only say what would change.") var check = false
    @Flag(help: "Overwrite what was changed by hand.") var force = false

    func read() throws -> Topology {
        guard let text = LocalFile.text(topology) else {
            throw ValidationError("--topology: \(topology) cannot be read")
        }
        return try Topology(yaml: text, file: topology)
    }

    /// Renders, compares and writes.
    func write(_ render: (Topology) throws -> [RenderedFile]) throws {
        let files: [RenderedFile]
        do {
            files = try render(try read())
        } catch let error as TopologyMistakes {
            RenderProgram.say("\(error)")
            throw ExitCode(64)
        }
        let folder = RenderedFolder(output)
        let changes = folder.changes(to: files)
        if changes.isEmpty {
            print("nothing to do: \(files.count) files are as rendered")
            return
        }
        for change in changes {
            switch change {
            case .create(let path): print("new       \(path)")
            case .update(let path): print("changed   \(path)")
            case .remove(let path): print("obsolete  \(path)")
            case .changedByHand(let path):
                print("by hand   \(path)")
                if !force { print(folder.difference(path, files)) }
            }
        }
        if check { throw ExitCode(1) }
        let isByHand = changes.contains { if case .changedByHand = $0 { true } else { false } }
        if isByHand && !force {
            RenderProgram.say(
                "\(output): files were changed by hand; nothing is written. Move the changes into the topology, an option or an overlay of your own, or say --force."
            )
            throw ExitCode(1)
        }
        try folder.write(files, changes)
    }
}

struct RenderKubernetesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubernetes", abstract: "Manifests for Kubernetes with KEDA: a kustomize base, and overlays.",
        discussion: """
            Secrets are referred to by name: headgate-postgres (owner-url, engine-url, api-url, pooler-url, role-password), \
            headgate-redis (url, password), headgate-keys (secret-keys, service-key), and headgate-sqs (region, key-id, secret) \
            where queues are of kind sqs.
            """)

    @OptionGroup var output: RenderOutput
    @Option(help: "Registry and repository of the images, to which a function's name is added.") var images =
        "headgate/"
    @Option(help: "The version of the images.") var tag = "latest"
    @Option(help: "Loaders that share the shards.") var loaders = 2
    @Option(help: "Processes of the API.") var apis = 3
    @Option(help: "Where KEDA finds Redis, as host:port.") var redis = "redis:6379"
    @Option(help: "The database's addresses as a block (default: pods named postgresql).") var postgresBlock: String?
    @Option(help: "Redis's addresses as a block (default: pods named redis).") var redisBlock: String?
    @Option(help: "A block that calls may go to although it is not public; repeat it for several.")
    var targetBlock: [String] = []
    @Option(help: "A worker whose pods are jobs that end by themselves; repeat it for several.") var job: [String] = []
    @Option(help: "The image of the pooler for the API.") var pooler = Kubernetes.Options().pooler
    @Option(help: "The address of SQS (default: the function sqs, if queues are of kind sqs).") var sqs: String?
    @Option(help: "The account of queues of kind sqs.") var account = "000000000000"
    @Option(help: "Their region (default: that of the address, or us-east-1).") var region: String?
    @Option(help: "Where remote systems reach the API.") var callbackURL = "http://api:8080"

    func validate() throws {
        guard (1...1_024).contains(loaders) else {
            throw ValidationError("--loaders: expected 1 to 1024, found \(loaders)")
        }
        guard (1...1_000).contains(apis) else { throw ValidationError("--apis: expected 1 to 1000, found \(apis)") }
        guard Self.isHostAndPort(redis) else {
            throw ValidationError("--redis: expected host:port, such as redis.data:6379, found \(redis)")
        }
        for (name, url) in [("--sqs", sqs), ("--callback-url", callbackURL)] {
            guard let url else { continue }
            guard url.hasPrefix("http://") || url.hasPrefix("https://"), !url.contains(where: \.isWhitespace) else {
                throw ValidationError("\(name): expected http:// or https:// and a host, found \(url)")
            }
        }
        if let sqs, sqs.hasSuffix(".amazonaws.com"), account == "000000000000" {
            throw ValidationError("--account: name the account whose queues are at \(sqs), for KEDA")
        }
        for (name, text) in [("--images", images), ("--tag", tag), ("--pooler", pooler)]
        where text.isEmpty || !text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "./:@_-".contains($0)) })
        {
            throw ValidationError("\(name): \(text) is no part of an image's name")
        }
        for (name, blocks) in [
            ("--postgres-block", postgresBlock.map { [$0] } ?? []), ("--redis-block", redisBlock.map { [$0] } ?? []),
            ("--target-block", targetBlock),
        ] {
            for block in blocks where AddressBlock(block) == nil {
                throw ValidationError("\(name): expected an address block such as 10.0.0.0/8, found \(block)")
            }
        }
    }

    private static func isHostAndPort(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && (Int(parts[1]).map { (1...65_535).contains($0) } ?? false)
    }

    /// That of an address of AWS, unless another is given.
    private var regionOfQueues: String {
        if let region { return region }
        let labels = (sqs ?? "").split(separator: "/").last?.split(separator: ".").map(String.init) ?? []
        return labels.count >= 4 && labels[0] == "sqs" && labels[2] == "amazonaws" ? labels[1] : "us-east-1"
    }

    func run() async throws {
        var options = Kubernetes.Options()
        options.images = images.hasSuffix("/") ? images : images + "/"
        options.tag = tag
        options.loaders = loaders
        options.apis = apis
        options.redis = redis
        options.postgresBlock = postgresBlock
        options.redisBlock = redisBlock
        options.targetBlocks = targetBlock
        options.jobs = job
        options.pooler = pooler
        options.sqs = sqs
        options.account = account
        options.region = regionOfQueues
        options.callbackURL = callbackURL
        try output.write { try Kubernetes($0, options).files() }
    }
}
