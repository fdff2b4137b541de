/// Why a text is no cron expression, and where.
package struct CronError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `hour`, `day-of-month`, …; nil if the mistake is not in a single field.
    package var field: String?
    /// The part of the text that is wrong, in capitals.
    package var token: String
    /// Where the token starts, from 1, in bytes.
    package var column: Int
    /// What is wrong, in a sentence without a full stop.
    package var detail: String

    /// Field, token, column and detail.
    package var description: String { "\(field.map { "\($0) " } ?? "")\"\(token)\" at column \(column): \(detail)" }
}
