package import Model

/// Registers, reads and changes schedules. Every call is one transaction, confined to a tenant; an error leaves nothing
/// of it.
///
/// Changes that end triggers cancel planned ones at once, and request the cancel of queued ones and return their ids.
/// The caller cancels these in the queue after the commit, then calls `TriggerRegistry.settleCancelled`; the monitor
/// repeats what fails (protocols.md, 8).
package protocol ScheduleRegistry: Sendable {
    /// Creates or replaces schedules, each name once, all or none; results in the order of the writes.
    ///
    /// A schedule whose timing and action are unchanged keeps its revision; otherwise the scheduled triggers of the
    /// replaced revision are cancelled. Schedules of a paused tenant are stored paused. Throws `RevisionMismatch` if
    /// one does not have the revision that its write expects, and `TenantLimit` if a tenant would have too many.
    ///
    /// - Parameter acrossTenants: they may belong to any tenant; the caller has checked that the actor may do that.
    func put(
        _ schedules: [ScheduleWrite], by actor: AuditActor, acrossTenants: Bool, now: Timestamp
    ) async throws -> [PutResult]
    /// The schedule of that name, a hidden one too; nil: there is none.
    func schedule(_ name: ScheduleName, tenant: TenantID) async throws -> ScheduleRow?
    /// Those of these schedules that exist, in no order, of any tenant: the caller has checked that they may be seen.
    func schedules(named names: [(tenant: TenantID, name: ScheduleName)]) async throws -> [ScheduleRow]
    /// A page of a tenant's schedules whose names have a prefix, in the order of names, without hidden ones.
    ///
    /// - Parameters:
    ///   - state: nil: any.
    ///   - name: the last name of the page before; nil for the first.
    func schedules(
        tenant: TenantID, prefix: String, state: ScheduleState?, after name: ScheduleName?, limit: Int
    ) async throws -> [ScheduleRow]
    /// Deletes a schedule of the actor's tenant, and cancels its triggers of all kinds. Nil: there is none; otherwise
    /// its queued triggers. Throws `RevisionMismatch`.
    func delete(_ name: ScheduleName, expecting: ExpectedRevision?, by actor: AuditActor, now: Timestamp) async throws
        -> [TriggerID]?
    /// Pauses a schedule of the actor's tenant, and cancels its scheduled triggers; those that were never called are
    /// planned again after the resume. Nil: there is none; otherwise its queued triggers. A finished schedule stays
    /// finished.
    func pause(_ name: ScheduleName, reason: String, by actor: AuditActor, now: Timestamp) async throws -> [TriggerID]?
    /// Arms a paused schedule at the time that `next` returns for its row, or finishes it if that is nil. Returns false
    /// if there is no such schedule; one that is not paused stays as it is.
    ///
    /// - Parameter missed: the policy for missed occurrences (0 skip, 1 last, 2 all); nil: the schedule's own.
    func resume(
        _ name: ScheduleName, missed: Int?, by actor: AuditActor, now: Timestamp,
        next: @escaping @Sendable (ScheduleRow) -> Timestamp?
    ) async throws -> Bool
}
