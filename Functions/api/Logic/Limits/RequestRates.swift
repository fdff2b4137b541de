import Model

/// How many requests a second a key and a tenant may make: two token buckets, from both of which each request takes.
/// Pure: the time comes from the caller.
struct RequestRates {
    struct Configuration: Sendable {
        /// Requests a second of one key; after a pause a burst of twice as many.
        var perKey: Double = 500
        /// The same, for all keys of a tenant together.
        var perTenant: Double = 1_000
    }

    private struct Bucket {
        var tokens: Double
        var at: ContinuousClock.Instant
    }

    private let configuration: Configuration
    private var keys: [Identifier: Bucket] = [:]
    private var tenants: [String: Bucket] = [:]
    private var nextSweep: ContinuousClock.Instant?

    /// Full buckets are dropped once there are this many.
    private static let sweepFrom = 10_000

    init(_ configuration: Configuration) { self.configuration = configuration }

    /// Takes a token from both buckets; if one is empty, takes none and returns the time after which to try again.
    mutating func take(key: Identifier, tenant: String, now: ContinuousClock.Instant) -> Duration? {
        sweep(now)
        var (mine, all) = (
            filled(keys[key], configuration.perKey, now), filled(tenants[tenant], configuration.perTenant, now)
        )
        defer { (keys[key], tenants[tenant]) = (mine, all) }
        let wait = max((1 - mine.tokens) / configuration.perKey, (1 - all.tokens) / configuration.perTenant)
        if wait > 0 { return .seconds(wait) }
        mine.tokens -= 1
        all.tokens -= 1
        return nil
    }

    private func filled(_ bucket: Bucket?, _ rate: Double, _ now: ContinuousClock.Instant) -> Bucket {
        let most = max(1, 2 * rate)
        guard let bucket else { return Bucket(tokens: most, at: now) }
        return Bucket(tokens: min(most, bucket.tokens + (now - bucket.at).inSeconds * rate), at: now)
    }

    /// Drops buckets unused for a few seconds: they are full, as a new one would be.
    private mutating func sweep(_ now: ContinuousClock.Instant) {
        guard keys.count + tenants.count > RequestRates.sweepFrom, nextSweep.map({ now >= $0 }) ?? true else { return }
        keys = keys.filter { now - $0.value.at < .seconds(3) }
        tenants = tenants.filter { now - $0.value.at < .seconds(3) }
        nextSweep = now + .seconds(1)
    }
}
