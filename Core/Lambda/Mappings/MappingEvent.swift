/// The event that a function gets for a batch (row 34): `{"Records":[…]}`.
package enum MappingEvent {
    private static let (head, tail) = (Array(#"{"Records":["#.utf8), Array("]}".utf8))

    /// Bytes of an event that consists of one record.
    static func length(ofRecord count: Int) -> Int { head.count + count + tail.count }

    /// The event, in JSON.
    package static func bytes(_ messages: [MappingMessage]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(messages.reduce(0) { $0 + $1.record.count + 1 } + head.count + tail.count)
        bytes += head
        for (index, message) in messages.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += message.record
        }
        bytes += tail
        return bytes
    }
}
