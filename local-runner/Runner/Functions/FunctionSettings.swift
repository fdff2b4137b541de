import Model
package import Processes
package import TopologyFile

/// What every function is told about the installation, in environment variables.
package struct FunctionSettings: Sendable {
    package var database: DatabaseURLs
    /// The URL of the Redis server.
    package var redis: String
    package var queues: [QueueSpecification]
    /// Where queues of kind sqs are; nil: there are none of Headgate's own.
    package var sqs: SQSAccess?
    /// How functions write their log.
    package var format: Console.Format
    /// The directory with the built-in functions' programs.
    package var programs: String
    /// The directory where functions write their metrics, as `NAME-N.prom`.
    package var metrics: String
    /// The port that the API is to listen on.
    package var apiPort: Int
    /// What seals tenants' secrets, in the form of `HEADGATE_SECRET_KEYS`.
    package var secretKeys: String
    /// The key by which functions call the API.
    package var serviceKey: String
    /// The runner's environment, which the functions inherit.
    package var inherited: [String: String]

    /// An SQS endpoint, and with what its calls are signed.
    package struct SQSAccess: Equatable, Sendable {
        package var address: String
        package var region: String
        package var keyID: String
        package var secret: String
        package var token: String?

        /// The endpoint of this machine, whose checks `keys` turns on: a value of `HEADGATE_SQS_KEYS`. Without keys the account
        /// is the key id, and nobody checks the secret.
        package init(address: String, region: String, account: String, keys: String?) {
            self.address = address
            self.region = region
            let parts = keys?.split(separator: ",").first?.split(separator: ":").map(String.init) ?? []
            keyID = parts.count > 1 ? parts[0] : account
            secret = parts.count > 1 ? parts[1] : "local"
            token = parts.count > 2 ? parts[2] : nil
        }
    }

    /// How long a pull function stays without messages.
    package var idle = Duration.seconds(30)
    /// How long a pull function stays at most.
    package var maxAge = Duration.seconds(300)

    /// Settings of an installation that is running.
    package init(
        database: DatabaseURLs, redis: String, queues: [QueueSpecification], format: Console.Format, programs: String,
        metrics: String, apiPort: Int, secretKeys: String, serviceKey: String, inherited: [String: String],
        sqs: SQSAccess? = nil
    ) {
        self.sqs = sqs
        self.secretKeys = secretKeys
        self.serviceKey = serviceKey
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
            case .lambda: preconditionFailure("\(function.name) is no process that is started by itself")
            case .pull(let pull):
                (["trigger-worker", "step-worker"].contains(function.name) ? ["--batch", String(pull.batch)] : [])
                    + ["--idle", idle.text, "--max-age", maxAge.text]
            }
        let command = function.command ?? ["\(programs)/\(function.name)"]
        return request(
            "\(function.name)-\(number)", program: command[0],
            // The flags are those of Headgate's own functions; a command contains all the arguments it needs.
            arguments: command.dropFirst() + (function.command == nil ? arguments : []), database: database.engine)
    }

    /// The process of the API.
    package var api: SpawnRequest {
        request("api-1", program: "\(programs)/api", arguments: ["--port", String(apiPort)], database: database.api)
    }

    /// The process of the SQS endpoint.
    package func sqs(port: Int, account: String, region: String) -> SpawnRequest {
        request(
            "sqs-1", program: "\(programs)/sqs",
            arguments: ["--port", String(port), "--account", account, "--region", region], database: "")
    }

    /// What an own function that runs as in Lambda needs to know, beside what Lambda tells it.
    package func variables(ofLambda function: FunctionSpecification) -> [String: String] {
        let own = request("\(function.name)-", program: "", arguments: [], database: database.engine).environment
        var variables = own.filter { $0.key.hasPrefix("HEADGATE_") }
        // Environments come and go: none has a file of its own.
        variables["HEADGATE_METRICS_FILE"] = nil
        if let sqs {
            variables["AWS_ACCESS_KEY_ID"] = sqs.keyID
            variables["AWS_SECRET_ACCESS_KEY"] = sqs.secret
            variables["AWS_SESSION_TOKEN"] = sqs.token
        }
        return variables
    }

    private func request(_ label: String, program: String, arguments: [String], database: String) -> SpawnRequest {
        var environment = inherited
        // Those of a shell may lead to another installation, whose triggers would be taken.
        environment["HEADGATE_SQS"] = nil
        environment["HEADGATE_SQS_PREFIX"] = nil
        if let sqs {
            environment["HEADGATE_SQS"] = sqs.address
            environment["AWS_REGION"] = sqs.region
            environment["AWS_ACCESS_KEY_ID"] = sqs.keyID
            environment["AWS_SECRET_ACCESS_KEY"] = sqs.secret
            environment["AWS_SESSION_TOKEN"] = sqs.token
        }
        environment["HEADGATE_POSTGRES"] = database
        environment["HEADGATE_REDIS"] = redis
        environment["HEADGATE_QUEUES"] = JSON.object(queues.map { .init($0.name, $0.json) }).description
        environment["HEADGATE_LOG"] = inherited["HEADGATE_LOG"] ?? "info"
        environment["HEADGATE_LOG_FORMAT"] = format.rawValue
        // Only for the functions that seal or open secrets.
        environment["HEADGATE_SECRET_KEYS"] =
            ["api-", "trigger-worker-", "step-worker-"].contains(where: label.hasPrefix)
            ? inherited["HEADGATE_SECRET_KEYS"] ?? secretKeys : nil
        // Triggers that start flows ask the API to.
        environment["HEADGATE_API"] = "http://127.0.0.1:\(apiPort)"
        environment["HEADGATE_SERVICE_KEY"] =
            ["api-", "trigger-worker-"].contains(where: label.hasPrefix) ? serviceKey : nil
        // Where remote systems report on steps.
        environment["HEADGATE_CALLBACK_URL"] = inherited["HEADGATE_CALLBACK_URL"] ?? "http://127.0.0.1:\(apiPort)"
        environment["HEADGATE_METRICS_FILE"] = "\(metrics)/\(label).prom"
        // Allow deliveries to this machine, where a developer's targets are; in production they are refused.
        environment["HEADGATE_ALLOW_TARGETS"] = inherited["HEADGATE_ALLOW_TARGETS"] ?? "127.0.0.0/8,::1"
        return SpawnRequest(label: label, executable: program, arguments: arguments, environment: environment)
    }
}
