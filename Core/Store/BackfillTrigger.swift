package import Model

/// One past occurrence that is to run again.
package struct BackfillTrigger: Sendable {
    /// The id of the new trigger, whose time is the day of its record.
    package var id: Identifier
    /// The time that it makes up for.
    package var occurrence: Timestamp

    /// A trigger with this id for this occurrence.
    package init(id: Identifier, occurrence: Timestamp) {
        self.id = id
        self.occurrence = occurrence
    }
}
