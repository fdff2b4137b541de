private import Glibc
package import Logging
package import Model
package import Queue
package import Telemetry

/// What a function's environment tells it.
///
/// | variable | meaning |
/// |---|---|
/// | `HEADGATE_POSTGRES` | database URL of the function's role |
/// | `HEADGATE_REDIS` | `redis://…` |
/// | `HEADGATE_SQS` | the address of the SQS that holds the queues of triggers and outcomes; not set: Redis does |
/// | `HEADGATE_SQS_PREFIX` | first part of the names of queues in SQS |
/// | `HEADGATE_QUEUES` | JSON: `{"triggers": {"shards": 4, "visibility": "30s", "maxReceives": 30}, …}` |
/// | `HEADGATE_LOG` | level: trace, debug, info (default), notice, warning, error, critical |
/// | `HEADGATE_LOG_FORMAT` | json (default) or text |
/// | `HEADGATE_METRICS_FILE` | where metrics are written every 5 s |
/// | `HEADGATE_ALLOW_TARGETS` | comma-separated CIDR blocks that calls may go to although they are not public |
/// | `HEADGATE_DENY_TARGETS` | comma-separated CIDR blocks that calls never go to; they win over the allowed ones |
/// | `HEADGATE_SECRET_KEYS` | keys that seal secrets (api) and open them (trigger-worker): 32 bytes in base64 each |
/// | `HEADGATE_LIFELINE` | an inherited file descriptor of a pipe; the function ends when the pipe is closed |
/// | `HEADGATE_FAILPOINTS` | for tests: see `Failpoint` |
/// | `HEADGATE_CLOCK_SHIFT` | for tests: an offset added to the clock, `6s` or `-6s` |
package struct FunctionSettings: Sendable {
    /// All settings that are missing or wrong, one sentence each.
    package struct InvalidSettings: Error, CustomStringConvertible {
        package var list: [String]
        /// One mistake a line.
        package var description: String { list.joined(separator: "\n") }
    }

    /// The values of the variables that the function needs.
    private var needed: [String: String] = [:]
    /// The configuration of queues by name; those that are missing have that of `QueueConfiguration()`.
    package var queues: [String: QueueConfiguration] = [:]
    package var level = Logger.Level.info
    package var format = LineLogHandler.Format.json
    package var metricsFile: String?
    package var allowedTargets: [AddressBlock] = []
    package var deniedTargets: [AddressBlock] = []
    package var lifeline: Int32?

    /// A variable that a function cannot do without.
    ///
    /// Only the module that uses a value knows what it must look like: `Wiring` adds those of drivers.
    package struct RequiredVariable: Sendable {
        package var variable: String
        /// What the value is and looks like, for whoever has to set it.
        package var meaning: String
        /// Throws what is wrong with a value, in words.
        package var check: @Sendable (String) throws -> Void

        /// A need whose values are all accepted, unless `check` is given.
        package init(
            _ variable: String, _ meaning: String, check: @escaping @Sendable (String) throws -> Void = { _ in }
        ) {
            self.variable = variable
            self.meaning = meaning
            self.check = check
        }

        /// The database's URL, required by every function that uses Postgres.
        package static let postgres = RequiredVariable(
            "HEADGATE_POSTGRES", "the database's URL, postgresql://user:password@host:port/database")
    }

    /// Reads the settings.
    ///
    /// - Parameters:
    ///   - needs: variables that must be set.
    ///   - environment: the value of a variable; an empty one counts as not set.
    /// - Throws: everything that is missing or wrong, at once.
    package init(needs: [RequiredVariable], environment: (String) -> String? = FunctionSettings.variable)
        throws(InvalidSettings)
    {
        var mistakes: [String] = []
        func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
        for need in needs {
            guard let text = value(need.variable) else {
                mistakes.append("\(need.variable) is not set: \(need.meaning)")
                continue
            }
            do { try need.check(text) } catch { mistakes.append("\(need.variable): \(error)") }
            needed[need.variable] = text
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
                mistakes.append(
                    "HEADGATE_LOG is \"\(text)\"; expected trace, debug, info, notice, warning, error or critical")
            }
        }
        if let text = value("HEADGATE_LOG_FORMAT") {
            if let format = LineLogHandler.Format(rawValue: text) {
                self.format = format
            } else {
                mistakes.append("HEADGATE_LOG_FORMAT is \"\(text)\"; expected json or text")
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
        if !mistakes.isEmpty { throw InvalidSettings(list: mistakes) }
    }

    /// The machine's processors that are online, at least 1; a container's limit is not taken into account.
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
            // Named in the topology for people; dead letters need no setting here.
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

    /// A variable of this process's environment; nil if it is not set.
    package static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// The database's URL.
    package var postgres: String { self[.postgres] }

    /// The value of a variable that was among the `needs`; traps for any other.
    package subscript(need: RequiredVariable) -> String {
        guard let value = needed[need.variable] else {
            preconditionFailure("the function did not say that it needs \(need.variable)")
        }
        return value
    }
}
