package import Model

/// Recognises repeated requests, for a day.
package protocol RequestLedger: Sendable {
    /// - Parameter request: a hash of all that makes the request.
    func begin(tenant: String, key: String, request: [UInt8], now: Timestamp) async throws -> RequestClaim
    /// Keeps the answer.
    func answer(tenant: String, key: String, status: Int, body: String) async throws
    /// Lets go of a request that ended without an answer to keep: it may be tried again at once. One that changed nothing is
    /// forgotten; of others the first try stays known.
    func abandon(tenant: String, key: String, changedNothing: Bool) async throws
}
