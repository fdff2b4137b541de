package import Model

/// What the API asks of tenants' settings and secrets. Every call is one transaction, bound to the actor's tenant.
package protocol TenantRegistry: Sendable {
    /// It was erased, and nothing has been made for it since.
    func isErased(_ tenant: String) async throws -> Bool
    /// Nil: nobody has set anything for it.
    func tenant(_ tenant: String) async throws -> TenantRow?
    /// Creates or replaces the settings of the actor's tenant. Throws `RevisionMismatch`.
    func put(
        _ settings: TenantSettings, expecting: ExpectedRevision?, by actor: AuditActor, now: Timestamp
    ) async throws -> TenantChange
    /// Revokes the keys of the actor's tenant. While its schedules and triggers are removed it is paused; after that its settings,
    /// secrets and remembered answers are forgotten.
    func eraseSettings(isPaused: Bool, by actor: AuditActor, now: Timestamp) async throws -> TenantChange
    /// Deletes a page of the tenant's schedules, hidden ones too: how many, and what is to be cancelled in the queue.
    func eraseSchedules(limit: Int, by actor: AuditActor, now: Timestamp) async throws -> BulkPage
    /// The days that have triggers.
    func triggerDays() async throws -> [Timestamp]
    /// A page of a tenant's triggers of a day, in the order of ids, and whether the queue may know each. No index helps: it reads
    /// the day up to the end of the page.
    func triggers(
        of tenant: String, on day: Timestamp, after id: Identifier, limit: Int
    ) async throws -> [(id: Identifier, mayBeQueued: Bool)]
    /// Deletes records. How many.
    func eraseTriggers(_ ids: [Identifier], of tenant: String, on day: Timestamp) async throws -> Int

    func secrets(of tenant: String, after name: String, limit: Int) async throws -> [SecretRow]
    /// Stores a sealed value. The one that it replaces stays until `keeping`, if that is given.
    ///
    /// Throws `TenantLimit` where the tenant has `maximum` secrets already.
    func putSecret(
        _ name: String, sealed: [UInt8], keeping: Timestamp?, maximum: Int, by actor: AuditActor, now: Timestamp
    ) async throws -> TenantChange
    /// Nil: there is none.
    func deleteSecret(_ name: String, by actor: AuditActor, now: Timestamp) async throws -> TenantChange?
    /// Those of these names that are no secrets of the tenant.
    func missingSecrets(_ names: Set<String>, tenant: String) async throws -> Set<String>
}

package struct TenantRow: Sendable {
    package var tenant: String
    package var version: Int
    package var revision: Int
    package var settings: TenantSettings
    package var updatedAt: Timestamp

    package init(tenant: String, version: Int, revision: Int, settings: TenantSettings, updatedAt: Timestamp) {
        self.tenant = tenant
        self.version = version
        self.revision = revision
        self.settings = settings
        self.updatedAt = updatedAt
    }
}

/// A change of a tenant, and what workers must know of it now.
package struct TenantChange: Sendable {
    package var row: TenantRow
    package var isCreated: Bool
    package var entry: DirectoryEntry

    package init(row: TenantRow, isCreated: Bool, entry: DirectoryEntry) {
        self.row = row
        self.isCreated = isCreated
        self.entry = entry
    }
}

package struct SecretRow: Sendable {
    package var name: String
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(name: String, createdAt: Timestamp, updatedAt: Timestamp) {
        self.name = name
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// A tenant may not have more.
package struct TenantLimit: Error, Hashable {
    /// `schedules` or `secrets`.
    package var things: String
    package var tenant: String
    package var limit: Int

    package init(things: String, tenant: String, limit: Int) {
        self.things = things
        self.tenant = tenant
        self.limit = limit
    }
}
