private import Glibc
package import HTTP
package import Logging
private import Model
package import Queue
package import Redis
package import Telemetry

/// What a function is told by its environment.
///
/// | variable | meaning |
/// |---|---|
/// | `HEADGATE_POSTGRES` | database URL of the function's role |
/// | `HEADGATE_REDIS` | `redis://…` |
/// | `HEADGATE_QUEUES` | JSON: `{"triggers": {"shards": 4, "visibility": "30s", "maxReceives": 30}, …}` |
/// | `HEADGATE_LOG` | level: trace, debug, info (default), notice, warning, error |
/// | `HEADGATE_LOG_FORMAT` | json (default) or text |
/// | `HEADGATE_METRICS_FILE` | where metrics are written every 5 s |
/// | `HEADGATE_ALLOW_TARGETS` | address blocks that calls may go to although they are not public, by commas |
/// | `HEADGATE_DENY_TARGETS` | address blocks that calls never go to, by commas; they win over the allowed ones |
/// | `HEADGATE_SECRET_KEYS` | what seals secrets (api) and opens them (trigger-worker): 32 bytes in base64, several by commas |
/// | `HEADGATE_LIFELINE` | an inherited file descriptor; the function ends when it does |
/// | `HEADGATE_FAILPOINTS` | for tests: see `Failpoint` |
/// | `HEADGATE_CLOCK_SHIFT` | for tests: how wrong the host's clock is made, `6s` or `-6s` |
package struct FunctionSettings: Sendable {
    /// Every setting that is missing or wrong.
    package struct Mistakes: Error, CustomStringConvertible {
        package var list: [String]
        package var description: String { list.joined(separator: "\n") }
    }

    package var postgres = ""
    package var redis: RedisURL?
    package var queues: [String: QueueConfiguration] = [:]
    package var level = Logger.Level.info
    package var format = LineLogHandler.Format.json
    package var metricsFile: String?
    package var allowedTargets: [AddressBlock] = []
    package var deniedTargets: [AddressBlock] = []
    package var lifeline: Int32?

    package enum Need: Sendable {
        case postgres
        case redis
    }

    package init(needs: Set<Need>, environment: (String) -> String? = FunctionSettings.variable) throws(Mistakes) {
        var mistakes: [String] = []
        func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
        if let url = value("HEADGATE_POSTGRES") {
            postgres = url
        } else if needs.contains(.postgres) {
            mistakes.append(
                "HEADGATE_POSTGRES is not set: the database's URL, postgresql://user:password@host:port/database")
        }
        if let text = value("HEADGATE_REDIS") {
            do throws(RedisError) { redis = try RedisURL(text) } catch {
                mistakes.append("HEADGATE_REDIS: \(error.message)")
            }
        } else if needs.contains(.redis) {
            mistakes.append("HEADGATE_REDIS is not set: the queues' URL, redis://host:port")
        }
        if let text = value("HEADGATE_QUEUES") {
            do {
                queues = try FunctionSettings.queues(JSON(parsing: text))
            } catch {
                mistakes.append("HEADGATE_QUEUES: \(error)")
            }
        }
        if let text = value("HEADGATE_LOG") {
            if let level = Logger.Level(rawValue: text) {
                self.level = level
            } else {
                mistakes.append("HEADGATE_LOG is \"\(text)\": trace, debug, info, notice, warning, error or critical")
            }
        }
        if let text = value("HEADGATE_LOG_FORMAT") {
            if let format = LineLogHandler.Format(rawValue: text) {
                self.format = format
            } else {
                mistakes.append("HEADGATE_LOG_FORMAT is \"\(text)\": json or text")
            }
        }
        metricsFile = value("HEADGATE_METRICS_FILE")
        func blocks(_ name: String) -> [AddressBlock] {
            (value(name) ?? "").split(separator: ",").compactMap { text in
                let block = AddressBlock(String(text))
                if block == nil {
                    mistakes.append("\(name): \"\(text)\" is not an address block such as 10.0.0.0/8")
                }
                return block
            }
        }
        allowedTargets = blocks("HEADGATE_ALLOW_TARGETS")
        deniedTargets = blocks("HEADGATE_DENY_TARGETS")
        if let text = value("HEADGATE_LIFELINE") {
            lifeline = Int32(text)
            if lifeline == nil { mistakes.append("HEADGATE_LIFELINE is \"\(text)\", not a file descriptor") }
        }
        if !mistakes.isEmpty { throw Mistakes(list: mistakes) }
    }

    /// Of this machine. What a container may use of them is not known.
    package static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    private static func queues(_ value: JSON) throws(FieldErrors) -> [String: QueueConfiguration] {
        var queues: [String: QueueConfiguration] = [:]
        var errors: [FieldError] = []
        if value.members == nil {
            errors.append(FieldError(pointer: "", detail: "expected an object, found \(value.kind)"))
        }
        for member in value.members ?? [] {
            var fields = JSONFields(member.value, at: "/\(member.name)")
            let standard = QueueConfiguration()
            let shards = fields.optional("shards", "1 to 1024") {
                $0.int.flatMap { (1...1_024).contains($0) ? $0 : nil }
            }
            let visibility = fields.optional("visibility", "a duration of at least 1s") { value in
                value.text.flatMap { Duration(text: $0) }.flatMap { $0 >= .seconds(1) ? $0 : nil }
            }
            let receives = fields.optional("maxReceives", "1 to 1000") {
                $0.int.flatMap { (1...1_000).contains($0) ? $0 : nil }
            }
            _ = fields.raw("deadLetter")
            fields.finish()
            errors += fields.errors
            queues[member.name] = QueueConfiguration(
                shards: shards ?? standard.shards, visibility: visibility ?? standard.visibility,
                maximumReceives: receives ?? standard.maximumReceives)
        }
        if !errors.isEmpty { throw FieldErrors(errors) }
        return queues
    }

    /// A variable of this process's environment.
    package static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    package var redisURL: RedisURL {
        guard let redis else { preconditionFailure("the function did not say that it needs Redis") }
        return redis
    }

    /// The queue of triggers, whose settlements go to the outcomes.
    package func triggerQueue() -> RedisQueue {
        RedisQueue(name: .triggers, configuration: queues["triggers"] ?? .init(), url: redisURL, outcomes: .outcomes)
    }

    /// The queue of outcomes; it has as many shards as the triggers.
    package func outcomeQueue() -> RedisQueue {
        var configuration = queues["outcomes"] ?? .init()
        configuration.shards = (queues["triggers"] ?? .init()).shards
        return RedisQueue(name: .outcomes, configuration: configuration, url: redisURL, source: .triggers)
    }
}
