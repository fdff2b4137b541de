package import Model

/// What to do with a request that carries an idempotency key.
package enum RequestClaim: Hashable, Sendable {
    /// Carry it out. `first` is when it was first attempted: ids derived from it are the same in every attempt.
    case begun(first: Timestamp)
    /// Return this answer: it was carried out before.
    case answered(status: Int, body: String)
    /// Refuse it for now: another attempt is under way, or ended without an answer less than a minute ago.
    case underWay
    /// Refuse it: the key belongs to a different request.
    case different
}
