package import Model

package struct BackfillTrigger: Sendable {
    package var id: Identifier
    package var occurrence: Timestamp

    package init(id: Identifier, occurrence: Timestamp) {
        self.id = id
        self.occurrence = occurrence
    }
}
