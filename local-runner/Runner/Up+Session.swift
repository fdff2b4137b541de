import FoundationEssentials
import Glibc
import LambdaHost
import Model
import Processes
import TopologyFile

extension Up {
    /// Starts everything and keeps it running until the task is cancelled.
    func run() async throws {
        let port = try freePort(configuration.port, "--port")
        let sqsPort = servesSQS ? try freePort(configuration.sqsPort ?? 0, "--sqs-port") : nil
        let keeper = ServerKeeper(supervisor: servers, logs: "\(data)/logs")
        async let startedPostgres = startPostgres(keeper)
        async let startedRedis = startRedis(keeper)
        let (postgres, redis) = try await (startedPostgres, startedRedis)
        let database = try await cloud.migrate(postgres.url, topology.scheduleShards, rolePassword())
        let key = try await cloud.bootstrapKey(postgres.url)
        let backlog = try await cloud.backlog(redis.url, topology.queues.filter { !$0.isSQS })
        let sqs = sqsPort.map { "http://127.0.0.1:\($0)" }
        let hasOwnQueues = topology.queues.contains { $0.isSQS }
        let settings = FunctionSettings(
            database: database, redis: redis.url, queues: topology.queues, format: configuration.format,
            programs: configuration.functions, metrics: "\(data)/metrics", apiPort: port,
            secretKeys: try secretKey(), serviceKey: try serviceKey(), inherited: configuration.environment,
            sqs: hasOwnQueues
                ? sqs.map { address in
                    FunctionSettings.SQSAccess(
                        address: address, region: configuration.region, account: configuration.account,
                        keys: configuration.environment["HEADGATE_SQS_KEYS"])
                } : nil)
        let api = "http://127.0.0.1:\(port)"

        try await withThrowingDiscardingTaskGroup { group in
            for running in [postgres.running, redis.running] {
                if let running { group.addTask { try await keeper.keep(running.server, running: running.child) } }
            }
            group.addTask { try await functions.keep(settings.api) }
            if let sqsPort {
                let request = settings.sqs(
                    port: sqsPort, account: configuration.account, region: configuration.region)
                group.addTask { try await functions.keep(request) }
            }
            try await waitUntilReady("\(api)/readyz", "the API")
            if let sqs { try await waitUntilReady("\(sqs)/healthz", "the SQS endpoint") }
            var lambda: String?
            var queues: (any QueueService)?
            if servesLambda, let sqs {
                let started = try await startLambda(settings, sqs: sqs, in: &group)
                lambda = started.address
                queues = started.queues
            }
            runFunctions(settings, in: &group) { [queues] in
                let depths = try await backlog()
                guard let queues else { return depths }
                return depths.merging(try await self.depths(in: queues)) { $1 }
            }
            try announce(api: api, key: key, postgres: postgres.url, redis: redis.url, sqs: sqs, lambda: lambda)
            if let examples = configuration.examples {
                let job = ExampleJob(file: examples, data: data, cloud: cloud, console: console)
                group.addTask { try await job.run(api: api, key: key) }
            }
            if let directory = configuration.flowExample {
                let example = ChurnExample(directory: directory, data: data, cloud: cloud, console: console)
                let gateway = try example.gateway(
                    program: "\(configuration.functions)/local-runner", environment: configuration.environment)
                group.addTask { try await functions.keep(gateway.request) }
                group.addTask { try await example.run(api: api, key: key, port: gateway.port) }
            }
        }
    }

    private func runFunctions(
        _ settings: FunctionSettings, in group: inout ThrowingDiscardingTaskGroup<any Error>,
        backlog: @escaping @Sendable () async throws -> [String: QueueDepth]
    ) {
        let depths = BacklogWatch(read: backlog, console: console, tick: functions.tick)
        group.addTask { try await depths.watch() }
        for function in topology.functions {
            switch function.work {
            case .resident: group.addTask { try await functions.keep(settings.request(function, number: 1)) }
            case .pull(let pull):
                group.addTask {
                    try await functions.scale(function, pull, settings: settings) { depths.depth(of: pull.queues) }
                }
            // Run as they are invoked.
            case .lambda: break
            }
        }
    }

    // MARK: Servers

    /// A server's URL, and its process if the runner started it.
    private struct Server: Sendable {
        var url: String
        var running: (server: any EmbeddedServer, child: ChildProcess)?
    }

    private func startPostgres(_ keeper: ServerKeeper) async throws -> Server {
        if let url = configuration.postgres { return Server(url: url) }
        let runner = CommandRunner(fleet: servers.fleet)
        let server = try await EmbeddedPostgres.prepare(directory: data, runner: runner) { console.say($0) }
        let child = try await keeper.start(server)
        return Server(url: server.url, running: (server, child))
    }

    private func startRedis(_ keeper: ServerKeeper) async throws -> Server {
        if let url = configuration.redis { return Server(url: url) }
        let server = try EmbeddedRedis(directory: "\(data)/redis")
        let child = try await keeper.start(server)
        return Server(url: server.url, running: (server, child))
    }

    /// The password of the roles that the migration creates; the same at every start.
    private func rolePassword() throws -> String {
        let path = "\(data)/roles.password"
        if let password = LocalFile.text(path), !password.isEmpty { return password }
        let password = EmbeddedPostgres.randomPassword()
        try LocalFile.write(password, to: path)
        return password
    }

    /// The key that seals tenants' secrets; the same at every start, because without it they are lost.
    private func secretKey() throws -> String {
        let path = "\(data)/secret.key"
        if let key = LocalFile.text(path), !key.isEmpty { return key }
        var random = SystemRandomNumberGenerator()
        let key = Data((0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }).base64EncodedString()
        try LocalFile.write(key, to: path)
        return key
    }

    /// The key by which functions call the API; the same at every start.
    private func serviceKey() throws -> String {
        let path = "\(data)/service.key"
        if let key = LocalFile.text(path), !key.isEmpty { return key }
        let key = EmbeddedPostgres.randomPassword()
        try LocalFile.write(key, to: path)
        return key
    }

    // MARK: API

    func freePort(_ wanted: Int, _ option: String) throws -> Int {
        if let port = LoopbackSocket.freePort(wanted: wanted) { return port }
        throw RunnerError(
            .busy, "port \(wanted) is in use; choose another with \(option), or any free one with \(option) 0")
    }

    func waitUntilReady(_ url: String, _ what: String) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        var last = "no answer"
        while true {
            do {
                let answer = try await cloud.http.call(method: "GET", url: url, headers: [], body: [])
                if answer.status == 200 { return }
                last = "\(answer.status) \(String(decoding: answer.body.prefix(500), as: UTF8.self))"
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                last = "\(error)"
            }
            guard ContinuousClock.now < deadline else {
                throw RunnerError(.failed, "\(what) is not ready after a minute; \(url) last said: \(last)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func announce(api: String, key: String, postgres: String, redis: String, sqs: String?, lambda: String?)
        throws
    {
        if let file = configuration.readyFile {
            var ready: [JSON.Member] = [
                .init("api", .string(api)), .init("key", .string(key)), .init("postgres", .string(postgres)),
                .init("redis", .string(redis)),
            ]
            if let sqs {
                ready += [
                    .init("sqs", .string(sqs)), .init("account", .string(configuration.account)),
                    .init("region", .string(configuration.region)),
                ]
            }
            if let lambda { ready.append(.init("lambda", .string(lambda))) }
            ready.append(.init("pid", .integer(getpid())))
            // It contains a key and a password: readable by its owner only.
            try LocalFile.write(JSON.object(ready).description + "\n", to: file)
        }
        console.say("ready: API \(api)")
        console.plain(
            """

              Headgate is running.  API  \(api)
                                    key  \(key)\(line("SQS", sqs))\(line("Lambda", lambda))

              Try:  curl -H 'Authorization: Bearer \(key)' \(api)/v1/schedules
              Ctrl-C stops everything; the data stays in \(configuration.data).

            """)
    }

    /// A further line of what is running, in the column of the others.
    private func line(_ name: String, _ url: String?) -> String {
        url.map { "\n" + String(repeating: " ", count: 27 - name.count) + "\(name)  \($0)" } ?? ""
    }
}
