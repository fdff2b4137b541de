package import Model

package struct PutResult: Sendable {
    package var row: ScheduleRow
    package var isCreated: Bool
    /// Triggers of the replaced revision, to be cancelled in the queue.
    package var cancelled: [Identifier]

    package init(row: ScheduleRow, isCreated: Bool, cancelled: [Identifier]) {
        self.row = row
        self.isCreated = isCreated
        self.cancelled = cancelled
    }
}
