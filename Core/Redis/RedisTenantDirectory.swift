package import Model
package import Queue

/// `TenantDirectory` as two hashes: `tenants` (tenant -> version and record) and `state`.
package struct RedisTenantDirectory: TenantDirectory {
    private let connection: RedisConnection
    private let tenants: String
    private let state: String
    /// Allowed on a full server: otherwise a pause or a lower rate would not reach the workers.
    private static let publish = RedisScript(
        name: "publish-tenants", text: PackageResources.publish_tenants_lua, isAllowedWhenFull: true)
    private static let batch = 500

    /// A directory on a connection of its own.
    ///
    /// - Parameter prefix: first part of every key, so that tests can share a server.
    package init(url: RedisURL, prefix: String = "hg") {
        connection = RedisConnection(url: url)
        tenants = "\(prefix):{directory}:tenants"
        state = "\(prefix):{directory}:state"
    }

    /// How complete the copy is; nil if there is none or it was lost.
    package func state() async throws(QueueError) -> DirectoryState? {
        let replies = try await run { connection throws(RedisError) in
            try await connection.call([
                RedisCommand("HMGET", state, "change", "version"), RedisCommand("HLEN", tenants),
            ])
        }
        guard let fields = replies[0].array, fields.count == 2, let change = fields[0].text else { return nil }
        return DirectoryState(
            change: change, version: fields[1].text.flatMap { Int($0) }, count: replies[1].int ?? 0)
    }

    /// The records of these tenants, in order; nil for those without one.
    package func records(of tenants: [TenantID]) async throws(QueueError) -> [[UInt8]?] {
        if tenants.isEmpty { return [] }
        var command = RedisCommand("HMGET", self.tenants)
        for tenant in tenants { command.append(tenant.description) }
        let asked = command
        let reply = try await run { connection throws(RedisError) in try await connection.call([asked])[0].checked() }
        return (reply.array ?? []).map { field in
            guard let entry = field.byteString, let bar = entry.firstIndex(of: UInt8(ascii: "|")) else { return nil }
            let record = entry[(bar + 1)...]
            return record.isEmpty ? nil : Array(record)
        }
    }

    /// Writes entries in batches of 500, one round trip each; the last one records `version`.
    package func publish(_ entries: [DirectoryEntry], completeTo version: Int?) async throws(QueueError) {
        for start in stride(from: 0, to: max(1, entries.count), by: RedisTenantDirectory.batch) {
            let part = entries[min(start, entries.count)..<min(start + RedisTenantDirectory.batch, entries.count)]
            let isLast = start + RedisTenantDirectory.batch >= entries.count
            var arguments = RedisCommand()
            arguments.append(isLast ? version.map { String($0) } ?? "" : "")
            var random = SystemRandomNumberGenerator()
            arguments.append(String(random.next() as UInt64, radix: 36))
            for entry in part {
                arguments.append(entry.tenant.description)
                arguments.append(entry.version)
                arguments.append(entry.record.isPlain ? [UInt8]() : entry.record.encoded)
            }
            let call = ScriptCall(RedisTenantDirectory.publish, keys: [tenants, state], arguments: arguments)
            _ = try await run { connection throws(RedisError) in try await connection.call([call])[0].checked() }
        }
    }

    /// Deletes both hashes.
    package func clear() async throws(QueueError) {
        _ = try await run { connection throws(RedisError) in
            try await connection.call([RedisCommand("DEL", tenants, state)])[0].checked()
        }
    }

    private func run<Value: Sendable>(
        _ body: (RedisConnection) async throws(RedisError) -> Value
    ) async throws(QueueError) -> Value {
        do { return try await body(connection) } catch { throw QueueError(error, queue: .directory) }
    }
}

extension QueueName {
    /// Names the directory in errors; it is no queue, but is kept beside them.
    static let directory = QueueName("tenants")
}
