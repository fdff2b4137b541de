package import Model

/// Removes what nothing refers to any more, and checks what is only a cache.
package protocol CleaningStore: Sendable {
    /// Forgets the hidden schedules of one-off triggers that were over before a time.
    func dropOneOffs(before time: Timestamp) async throws
    /// Forgets actions of earlier revisions that no open or dead trigger refers to, up to a thousand.
    func dropActions(now: Timestamp) async throws
    /// Forgets load histograms before a time.
    func dropLoad(before time: Timestamp) async throws
    /// Forgets the answers of repeatable requests from before a time.
    func dropRequests(before time: Timestamp) async throws
    /// Lowers the floors of planned scans to these triggers, where they are planned and lie below: floors are caches, and this is what
    /// checks them (protocols.md, 14a).
    func lowerPlannedFloors(_ ids: [Identifier]) async throws
}
