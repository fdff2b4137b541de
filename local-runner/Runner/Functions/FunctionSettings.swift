import Model

/// What every function is told about the installation, as environment variables.
package struct FunctionSettings: Sendable {
    package var database: DatabaseURLs
    package var redis: String
    package var queues: [QueueSpecification]
    package var format: Console.Format
    /// The directory with the programs of the built-in functions.
    package var programs: String
    /// Where functions write their metrics: `NAME-N.prom`.
    package var metrics: String
    package var apiPort: Int
    /// What seals tenants' secrets.
    package var secretKeys: String
    /// The environment of the runner, which the functions inherit.
    package var inherited: [String: String]

    /// How long a pull function without messages stays, and how long any stays.
    package var idle = Duration.seconds(30)
    package var maxAge = Duration.seconds(300)

    package init(
        database: DatabaseURLs, redis: String, queues: [QueueSpecification], format: Console.Format, programs: String,
        metrics: String, apiPort: Int, secretKeys: String, inherited: [String: String]
    ) {
        self.secretKeys = secretKeys
        self.database = database
        self.redis = redis
        self.queues = queues
        self.format = format
        self.programs = programs
        self.metrics = metrics
        self.apiPort = apiPort
        self.inherited = inherited
    }

    /// The process of a function; `number` counts from 1.
    package func request(_ function: FunctionSpecification, number: Int) -> SpawnRequest {
        let arguments: [String] =
            switch function.work {
            case .resident(let every, _): ["--every", every.text]
            case .pull(let pull):
                (function.name == "trigger-worker" ? ["--batch", String(pull.batch)] : [])
                    + ["--idle", idle.text, "--max-age", maxAge.text]
            }
        let command = function.command ?? ["\(programs)/\(function.name)"]
        return request(
            "\(function.name)-\(number)", program: command[0],
            // The flags are those of Headgate's own functions; a command says itself what it needs.
            arguments: command.dropFirst() + (function.command == nil ? arguments : []), database: database.engine)
    }

    /// The process of the API.
    package var api: SpawnRequest {
        request("api-1", program: "\(programs)/api", arguments: ["--port", String(apiPort)], database: database.api)
    }

    private func request(_ label: String, program: String, arguments: [String], database: String) -> SpawnRequest {
        var environment = inherited
        environment["HEADGATE_POSTGRES"] = database
        environment["HEADGATE_REDIS"] = redis
        environment["HEADGATE_QUEUES"] = JSON.object(queues.map { .init($0.name, $0.json) }).description
        environment["HEADGATE_LOG"] = inherited["HEADGATE_LOG"] ?? "info"
        environment["HEADGATE_LOG_FORMAT"] = format.rawValue
        // For those that seal and open secrets, and for nobody else.
        environment["HEADGATE_SECRET_KEYS"] =
            label.hasPrefix("api-") || label.hasPrefix("trigger-worker-")
            ? inherited["HEADGATE_SECRET_KEYS"] ?? secretKeys : nil
        environment["HEADGATE_METRICS_FILE"] = "\(metrics)/\(label).prom"
        // Deliveries to this machine: what a developer's targets are. Elsewhere they are refused.
        environment["HEADGATE_ALLOW_TARGETS"] = inherited["HEADGATE_ALLOW_TARGETS"] ?? "127.0.0.0/8,::1"
        return SpawnRequest(label: label, executable: program, arguments: arguments, environment: environment)
    }
}
