package import Model
package import Queue

/// What a worker has read of the tenants' directory. Forgotten when the directory has changed.
package struct TenantCache: Sendable {
    private var state: DirectoryState?
    private var records: [String: TenantRecord?] = [:]

    package init() {}

    /// Takes over the directory's state. One that was lost changes nothing: what is known stays good until there is another.
    package mutating func adopt(_ state: DirectoryState?) {
        guard let state, state.change != self.state?.change else { return }
        records = [:]
        self.state = state
    }

    /// Whether there is a directory: without one it is not known which secrets there are.
    package var isKnown: Bool { state != nil }

    /// Whether a tenant's triggers may be called without further ado: it has no record, as far as is known.
    package func isPlain(_ tenant: String) -> Bool {
        guard let state, state.count > 0 else { return true }
        if case .some(nil) = records[tenant] { return true }
        return false
    }

    /// Those of these tenants whose records have to be read.
    package func missing(of tenants: Set<String>) -> [String] {
        guard let state, state.count > 0 else { return [] }
        return tenants.filter { records[$0] == nil }.sorted()
    }

    /// Damaged bytes count as no record: secrets are missing then, and say so.
    package mutating func store(_ bytes: [[UInt8]?], of tenants: [String]) {
        for (tenant, bytes) in zip(tenants, bytes) {
            records[tenant] = .some(bytes.flatMap { try? TenantRecord(decoding: $0) })
        }
    }

    package func record(of tenant: String) -> TenantRecord? { records[tenant] ?? nil }
}
