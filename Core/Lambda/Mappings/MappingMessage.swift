/// A message that a mapping has received.
package struct MappingMessage: Hashable, Sendable {
    /// By which a function names it as failed.
    package var messageID: String
    /// By which it is deleted.
    package var receiptHandle: String
    /// What filters look at.
    package var body: String
    /// Of a FIFO queue; empty: none.
    package var groupID: String
    /// Its record in the event, in JSON.
    package var record: [UInt8]
    /// What it counts for the length of an event.
    package var bytes: Int

    /// A message of these parts.
    ///
    /// - Parameter bytes: nil: as many as an event has that consists of this record.
    package init(
        messageID: String, receiptHandle: String, body: String, groupID: String = "", record: [UInt8],
        bytes: Int? = nil
    ) {
        self.messageID = messageID
        self.receiptHandle = receiptHandle
        self.body = body
        self.groupID = groupID
        self.record = record
        self.bytes = bytes ?? MappingEvent.length(ofRecord: record.count)
    }
}
