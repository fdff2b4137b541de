package import Model

/// Recognises repeated requests by their idempotency key, for a day. Every call is one transaction.
package protocol RequestLedger: Sendable {
    /// Claims a key for a request in one atomic step: of several attempts at once only one is `begun`.
    ///
    /// - Parameter request: a hash of everything that makes up the request.
    func begin(tenant: TenantID, key: String, request: [UInt8], now: Timestamp) async throws -> RequestClaim
    /// Stores the answer for repetitions of the request.
    func answer(tenant: TenantID, key: String, status: Int, body: String) async throws
    /// Gives up a claim without an answer to keep, so that the request may be attempted again at once. A request that
    /// changed nothing is forgotten; of others the time of the first attempt is kept.
    func abandon(tenant: TenantID, key: String, changedNothing: Bool) async throws
}
