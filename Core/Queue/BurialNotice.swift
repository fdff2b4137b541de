/// The outcome line that a queue itself writes when a message dies without its holder: `1 dead id generation reason`,
/// separated by tabs and ended by a line feed. The first field is the version of the format.
package enum BurialNotice {
    package static func line(id: MessageID, generation: Int, reason: String) -> [UInt8] {
        Array("1\tdead\t\(id)\t\(generation)\t\(reason)\n".utf8)
    }

    /// The reason of a message that was received too often.
    package static func tooManyReceives(_ receives: Int) -> String {
        "received \(receives) times without an outcome"
    }
}
