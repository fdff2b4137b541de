package import Model

/// Registers, reads and changes schedules, one by one. Every call is one transaction, bound to a tenant.
package protocol ScheduleRegistry: Sendable {
    /// Creates or replaces schedules, in order, each name once. A schedule whose timing and action are unchanged keeps its
    /// revision. Triggers of a replaced revision are asked to be cancelled.
    ///
    /// Throws `RevisionMismatch`, and changes nothing, where one does not have the revision that its write expects.
    ///
    /// - Parameter acrossTenants: they may belong to any tenant; the caller has checked that the actor may do that.
    func put(
        _ schedules: [ScheduleWrite], by actor: AuditActor, acrossTenants: Bool, now: Timestamp
    ) async throws -> [PutResult]
    func schedule(_ name: String, tenant: String) async throws -> ScheduleRow?
    /// Those of these names that exist, of any tenant: the caller has checked that they may be seen.
    func schedules(named names: [(tenant: String, name: String)]) async throws -> [ScheduleRow]
    func schedules(
        tenant: String, prefix: String, state: ScheduleState?, after name: String, limit: Int
    ) async throws -> [ScheduleRow]
    /// Nil: there is none. Otherwise the triggers to be cancelled.
    func delete(_ name: String, expecting: ExpectedRevision?, by actor: AuditActor, now: Timestamp) async throws
        -> [Identifier]?
    func pause(_ name: String, reason: String, by actor: AuditActor, now: Timestamp) async throws -> [Identifier]?
    /// Arms a paused schedule at what `next` makes of its row; nil: it is finished. False: there is none.
    ///
    /// - Parameter missed: what becomes of missed occurrences; nil: the schedule's policy decides.
    func resume(
        _ name: String, missed: Int?, by actor: AuditActor, now: Timestamp,
        next: @escaping @Sendable (ScheduleRow) -> Timestamp?
    ) async throws -> Bool
}
