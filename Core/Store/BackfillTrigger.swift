package import Model

/// One past occurrence that is to run again.
package struct BackfillTrigger: Sendable {
    /// The id of the new trigger; its time is that of the request, by which the record is dated.
    package var id: TriggerID
    /// The time that it makes up for.
    package var occurrence: Timestamp

    /// A trigger with this id for this occurrence.
    package init(id: TriggerID, occurrence: Timestamp) {
        self.id = id
        self.occurrence = occurrence
    }
}
