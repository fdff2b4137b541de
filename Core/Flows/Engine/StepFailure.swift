/// Why an attempt of a step failed.
package struct StepFailure: Hashable, Sendable, Error {
    /// What decides whether it is tried again.
    package enum Kind: UInt8, CaseIterable, Sendable, CustomStringConvertible {
        /// The request, a result or a limit is wrong: never tried again.
        case user = 1
        /// The remote system or the network failed.
        case platform = 2
        /// It took too long.
        case timeout = 3

        /// `user`, `platform` or `timeout`.
        package var description: String {
            switch self {
            case .user: "user"
            case .platform: "platform"
            case .timeout: "timeout"
            }
        }
    }

    package var kind: Kind
    /// At most `longestMessage` bytes; says how long it was if it was cut.
    package let message: String
    /// How long the remote system asks to wait; nil: it does not.
    package var retryAfter: Duration?

    /// In bytes of UTF-8: 4 KiB.
    package static let longestMessage = 4_096

    /// A failure with its message, cut if it is too long, and with U+FFFD in place of U+0000.
    package init(_ kind: Kind, _ message: String, retryAfter: Duration? = nil) {
        self.kind = kind
        self.message = StepFailure.cut(message)
        self.retryAfter = retryAfter
    }

    /// A message of at most `longestMessage` bytes, which says how long it was. Without U+0000, which the database takes in no text: a target may answer with any bytes.
    package static func cut(_ whole: String) -> String {
        let message = whole.utf8.contains(0) ? whole.replacing("\0", with: "\u{FFFD}") : whole
        let size = message.utf8.count
        if size <= longestMessage { return message }
        let note = "… (\(size) bytes)"
        var kept = message.utf8.prefix(longestMessage - note.utf8.count)
        // Not in the middle of a character.
        while let last = kept.last, last & 0xC0 == 0x80 { kept = kept.dropLast() }
        if let last = kept.last, last >= 0xC0 { kept = kept.dropLast() }
        return String(decoding: kept, as: UTF8.self) + note
    }
}
