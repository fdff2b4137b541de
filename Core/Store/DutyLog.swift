package import Model

/// When the monitor last did each of its duties (protocols.md, 25b).
package protocol DutyLog: Sendable {
    /// Records that duties were done at a time.
    func completeDuties(_ names: [String], now: Timestamp) async throws
    /// Ends the connection; a further call opens another.
    func close() async
}
