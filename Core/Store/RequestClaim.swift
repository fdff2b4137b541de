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
