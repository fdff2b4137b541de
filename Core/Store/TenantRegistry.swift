package import Model

/// What the API asks of tenants' settings and secrets. Every call is one transaction, bound to the actor's tenant.
package protocol TenantRegistry: Sendable {
    /// Nil: nobody has set anything for it.
    func tenant(_ tenant: String) async throws -> TenantRow?
    /// Creates or replaces the settings of the actor's tenant. Throws `RevisionMismatch`.
    func put(
        _ settings: TenantSettings, expecting: ExpectedRevision?, by actor: AuditActor, now: Timestamp
    ) async throws -> TenantChange
    /// Forgets settings, secrets and keys of the actor's tenant. Its schedules and triggers are removed by the calls for them.
    func eraseSettings(by actor: AuditActor, now: Timestamp) async throws -> TenantChange
    /// Deletes a page of the tenant's schedules, hidden ones too: how many, and what is to be cancelled in the queue.
    func eraseSchedules(limit: Int, by actor: AuditActor, now: Timestamp) async throws -> BulkPage
    /// Deletes the records of the actor's tenant's triggers, day by day. How many.
    func eraseTriggers(by actor: AuditActor, now: Timestamp) async throws -> Int

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
