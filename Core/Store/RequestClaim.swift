package import Model

/// What becomes of a request that carries an idempotency key.
package enum RequestClaim: Hashable, Sendable {
    /// To be carried out, by us. The time of its first try: ids made from it are the same in every try.
    case begun(first: Timestamp)
    /// It was answered.
    case answered(status: Int, body: String)
    /// Another try of it is under way, or ended without an answer less than a minute ago.
    case underWay
    /// The key belongs to a different request.
    case different
}

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
