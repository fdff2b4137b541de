/// Why a text is no cron expression, and where.
package struct CronError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `hour`, `day-of-month`, …; nil where the mistake is in no single field.
    package var field: String?
    /// What stands there.
    package var token: String
    /// Of the token, from 1, in bytes.
    package var column: Int
    /// What is wrong, in a sentence without a final stop.
    package var detail: String

    package var description: String { "\(field.map { "\($0) " } ?? "")\"\(token)\" at column \(column): \(detail)" }
}
