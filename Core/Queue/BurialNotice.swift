/// The outcome line that a queue writes itself when a message dies without its holder: `1 dead id generation reason`,
/// separated by tabs and ended by a line feed.
///
/// The first field is the version of the format. `TriggerOutcome` reads the line.
package enum BurialNotice {
    /// The line as UTF-8; a reason must not contain tabs or line feeds, which are not escaped.
    package static func line(id: MessageID, generation: Int, reason: String) -> [UInt8] {
        Array("1\tdead\t\(id)\t\(generation)\t\(reason)\n".utf8)
    }

    /// The reason given when a message was received too often.
    package static func tooManyReceives(_ receives: Int) -> String {
        "received \(receives) times without an outcome"
    }
}
