/// Why a text is not a cron expression, and where.
package struct CronError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `hour`, `day-of-month`, …; nil if the mistake is not in a single field.
    package var field: String?
    /// The part of the text that is wrong, as it was written.
    package var token: String
    /// Where the token starts, from 1, in bytes.
    package var column: Int
    /// What is wrong, in a sentence without a full stop.
    package var detail: String

    /// The same error with its token as it stands in the text: the parser works on capitals, which are as long.
    func quoting(_ text: String) -> CronError {
        var error = self
        let bytes = text.utf8.dropFirst(column - 1).prefix(token.utf8.count)
        error.token = String(decoding: bytes, as: UTF8.self)
        return error
    }

    /// Field, token, column and detail.
    package var description: String { "\(field.map { "\($0) " } ?? "")\"\(token)\" at column \(column): \(detail)" }
}
