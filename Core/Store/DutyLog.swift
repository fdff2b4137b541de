package import Model

/// When the monitor did what (protocols.md, 25b).
package protocol DutyLog: Sendable {
    /// Says that duties were done at a time.
    func completeDuties(_ names: [String], now: Timestamp) async throws
    func close() async
}
