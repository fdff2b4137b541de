import LocalRunner
import Model
import Processes
import Testing
import TopologyFile

@Suite struct FunctionSettingsTests {
    private let settings = FunctionSettings(
        database: DatabaseURLs(api: "postgres://api", engine: "postgres://engine"), redis: "redis://here",
        queues: [QueueSpecification(name: "triggers")], format: .json, programs: "/programs", metrics: "/metrics",
        apiPort: 8_123, secretKeys: "key", serviceKey: "service",
        inherited: ["PATH": "/bin", "HEADGATE_POSTGRES": "postgres://stale", "HEADGATE_LOG": "debug"])

    @Test func `a resident function gets its tick, a pull function when to leave`() {
        let loader = FunctionSpecification(name: "loader", work: .resident(every: .seconds(1), shards: 16))
        let worker = FunctionSpecification(name: "trigger-worker", work: .pull(.init(queues: ["triggers"])))
        let historian = FunctionSpecification(name: "historian", work: .pull(.init(queues: ["outcomes"])))
        #expect(settings.request(loader, number: 1).arguments == ["--every", "1s"])
        #expect(
            settings.request(worker, number: 2).arguments == ["--batch", "100", "--idle", "30s", "--max-age", "5m"])
        #expect(settings.request(historian, number: 1).arguments == ["--idle", "30s", "--max-age", "5m"])
        #expect(settings.request(worker, number: 2).executable == "/programs/trigger-worker")
        #expect(settings.api.arguments == ["--port", "8123"])
    }

    @Test func `a command brings its own arguments`() {
        var function = FunctionSpecification(name: "mine", work: .pull(.init(queues: ["triggers"])))
        function.command = ["python3", "-m", "mine"]
        let request = settings.request(function, number: 1)
        #expect(request.executable == "python3" && request.arguments == ["-m", "mine"])
    }

    @Test func `functions connect as the engine, the API in its own role`() {
        let worker = FunctionSpecification(name: "trigger-worker", work: .pull(.init(queues: ["triggers"])))
        #expect(settings.request(worker, number: 2).environment["HEADGATE_POSTGRES"] == "postgres://engine")
        #expect(settings.api.environment["HEADGATE_POSTGRES"] == "postgres://api")
    }

    @Test func `the environment is inherited, but for what the runner decides`() {
        #expect(
            settings.api.environment == [
                "PATH": "/bin", "HEADGATE_POSTGRES": "postgres://api", "HEADGATE_REDIS": "redis://here",
                "HEADGATE_QUEUES": #"{"triggers":{"shards":1,"visibility":"30s","maxReceives":30}}"#,
                "HEADGATE_LOG": "debug", "HEADGATE_LOG_FORMAT": "json", "HEADGATE_METRICS_FILE": "/metrics/api-1.prom",
                "HEADGATE_ALLOW_TARGETS": "127.0.0.0/8,::1", "HEADGATE_SECRET_KEYS": "key",
                "HEADGATE_CALLBACK_URL": "http://127.0.0.1:8123", "HEADGATE_API": "http://127.0.0.1:8123",
                "HEADGATE_SERVICE_KEY": "service",
            ])
    }

    @Test func `only those that seal and open secrets get the key`() {
        let names = ["loader", "trigger-worker", "step-worker", "historian"].filter { name in
            let function = FunctionSpecification(name: name, work: .pull(.init(queues: ["triggers"])))
            return settings.request(function, number: 1).environment["HEADGATE_SECRET_KEYS"] != nil
        }
        #expect(names == ["trigger-worker", "step-worker"])
    }

    @Test func `the death signal is set after the change of user`() {
        var request = SpawnRequest(
            label: "postgres", executable: "/x/postgres", arguments: ["-D", "d"], environment: [:])
        request.user = "postgres"
        request.deathSignal = "QUIT"
        #expect(
            request.commandLine.joined(separator: " ")
                == "setpriv --reuid=postgres --regid=postgres --init-groups -- "
                + "setpriv --pdeathsig QUIT -- /x/postgres -D d")
    }
}
