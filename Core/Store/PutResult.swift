package import Model

/// What a write made of a schedule.
package struct PutResult: Sendable {
    package var row: ScheduleRow
    package var isCreated: Bool
    /// False: the schedule was there and is as the write asks. Nothing is stored for it.
    package var isChanged: Bool
    /// Queued triggers of the replaced revision, or of the schedule if the write paused it; to be cancelled in the
    /// queue.
    package var cancelled: [TriggerID]

    /// The row after the write, and what follows from it.
    package init(row: ScheduleRow, isCreated: Bool, isChanged: Bool, cancelled: [TriggerID]) {
        self.row = row
        self.isCreated = isCreated
        self.isChanged = isChanged
        self.cancelled = cancelled
    }
}
