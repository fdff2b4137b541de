package import Model

/// Deletes what nothing refers to any more, and corrects what is only a cache. Each verb is one statement.
package protocol CleaningStore: Sendable {
    /// Deletes hidden schedules, of one-off triggers and failure notifications, that were last written before a time
    /// and whose trigger is not open; up to 10,000.
    func dropOneOffs(before time: Timestamp) async throws
    /// Deletes kept actions of earlier revisions that no open or dead trigger refers to. Looks at up to 1,000; those
    /// still needed are looked at again in an hour (protocols.md, 9a).
    func dropActions(now: Timestamp) async throws
    /// Deletes the load histogram before a time.
    func dropLoad(before time: Timestamp) async throws
    /// Deletes idempotency keys first used before a time, with their answers.
    func dropRequests(before time: Timestamp) async throws
    /// Lowers the floors of planned scans to those of these triggers that are planned and lie below them: floors are
    /// caches, and this corrects them (protocols.md, 14a).
    func lowerPlannedFloors(_ ids: [TriggerID]) async throws
}
