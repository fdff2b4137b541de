package import Model
package import Queue

/// What a worker has read of the tenant directory; forgotten when the directory changes.
package struct TenantCache: Sendable {
    private var state: DirectoryState?
    private var records: [TenantID: TenantRecord?] = [:]

    /// A cache that knows of no directory.
    package init() {}

    /// Takes over the directory's state, and forgets all records if it has changed. A directory that was lost (nil)
    /// changes nothing: what is known stays good until there is another.
    package mutating func adopt(_ state: DirectoryState?) {
        guard let state, state.change != self.state?.change else { return }
        records = [:]
        self.state = state
    }

    /// Whether a directory was ever read; until then it is unknown which secrets exist.
    package var hasDirectory: Bool { state != nil }

    /// Whether the tenant is known to have no record, so that its calls need no lookup. True of every tenant while the
    /// directory is empty or unknown.
    package func needsNoLookup(_ tenant: TenantID) -> Bool {
        guard let state, state.count > 0 else { return true }
        if case .some(nil) = records[tenant] { return true }
        return false
    }

    /// Those of the tenants whose records have yet to be read, sorted.
    package func missing(of tenants: Set<TenantID>) -> [TenantID] {
        guard let state, state.count > 0 else { return [] }
        return tenants.filter { records[$0] == nil }.sorted()
    }

    /// Keeps records as read, in the order of `tenants`, and returns the tenants whose records cannot be decoded. They
    /// count as paused: without its rates a tenant may not be called.
    package mutating func store(_ bytes: [[UInt8]?], of tenants: [TenantID]) -> [TenantID] {
        var unreadable: [TenantID] = []
        for (tenant, bytes) in zip(tenants, bytes) {
            guard let bytes else {
                records[tenant] = .some(nil)
                continue
            }
            let record = try? TenantRecord(decoding: bytes)
            if record == nil { unreadable.append(tenant) }
            records[tenant] = .some(record ?? TenantRecord(isPaused: true))
        }
        return unreadable
    }

    /// The tenant's record; nil: it has none, or it was not read yet.
    package func record(of tenant: TenantID) -> TenantRecord? { records[tenant] ?? nil }
}
