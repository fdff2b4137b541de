import Model

/// Limits how many requests a second a key and a tenant may make: one token bucket per key and one per tenant; every
/// request takes a token from both. Pure: the time comes from the caller.
struct RequestRateLimiter {
    struct Configuration: Sendable {
        /// Requests a second per key; bursts of up to twice that, and of at least one.
        var perKey: Double = 500
        /// The same, for all keys of a tenant together.
        var perTenant: Double = 1_000
    }

    private struct Bucket {
        var tokens: Double
        var updatedAt: ContinuousClock.Instant
    }

    private let configuration: Configuration
    private var keys: [KeyID: Bucket] = [:]
    private var tenants: [TenantID: Bucket] = [:]
    private var nextSweep: ContinuousClock.Instant?

    /// Once there are more buckets than this, full ones are dropped.
    private static let sweepFrom = 10_000

    init(_ configuration: Configuration) { self.configuration = configuration }

    /// Takes a token from both buckets; if either is empty, takes none and returns the time after which to try again.
    mutating func take(key: KeyID, tenant: TenantID, now: ContinuousClock.Instant) -> Duration? {
        sweep(now)
        var keyBucket = refilled(keys[key], configuration.perKey, now)
        var tenantBucket = refilled(tenants[tenant], configuration.perTenant, now)
        defer { (keys[key], tenants[tenant]) = (keyBucket, tenantBucket) }
        let wait = max(
            (1 - keyBucket.tokens) / configuration.perKey, (1 - tenantBucket.tokens) / configuration.perTenant)
        if wait > 0 { return .seconds(wait) }
        keyBucket.tokens -= 1
        tenantBucket.tokens -= 1
        return nil
    }

    private func capacity(_ rate: Double) -> Double { max(1, 2 * rate) }

    private func refilled(_ bucket: Bucket?, _ rate: Double, _ now: ContinuousClock.Instant) -> Bucket {
        guard let bucket else { return Bucket(tokens: capacity(rate), updatedAt: now) }
        let tokens = bucket.tokens + (now - bucket.updatedAt).inSeconds * rate
        return Bucket(tokens: min(capacity(rate), tokens), updatedAt: now)
    }

    /// Drops buckets that are full by now: a new one would be as full.
    private mutating func sweep(_ now: ContinuousClock.Instant) {
        guard keys.count + tenants.count > RequestRateLimiter.sweepFrom, nextSweep.map({ now >= $0 }) ?? true else {
            return
        }
        func isFull(_ bucket: Bucket, _ rate: Double) -> Bool {
            refilled(bucket, rate, now).tokens >= capacity(rate)
        }
        keys = keys.filter { !isFull($0.value, configuration.perKey) }
        tenants = tenants.filter { !isFull($0.value, configuration.perTenant) }
        nextSweep = now + .seconds(1)
    }
}
