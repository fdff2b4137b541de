import Calls
import Model
import Queue

/// Calls whose leases the worker gives up until something changes: how long they are held, and what wakes them
/// (decision 0019). A value without I/O, clock or randomness of its own.
struct HeldCalls: Sendable {
    /// What the next settlement is to hold.
    private var pending: [Hold] = []
    private var times = HoldTimes()
    /// Tenants with held calls: the record because of which they are held, and until when the last one is.
    private var tenants: [TenantID: (record: TenantRecord?, until: ContinuousClock.Instant)] = [:]
    /// Hosts with held calls, and until when the last one is.
    private var hosts: [String: ContinuousClock.Instant] = [:]

    /// A call that is to be held, and for how long at least and at most.
    struct HoldRequest {
        var receipt: Receipt
        /// Time since the call could first have been made.
        var waited: Duration
        /// Time until its deadline.
        var left: Duration
        /// The shortest hold.
        var minimum: Duration
        /// How many of its group come back in a second.
        var perSecond = HoldTimes.perSecond
    }

    var hasPending: Bool { !pending.isEmpty }
    var hasTenants: Bool { !tenants.isEmpty }
    var tenantNames: Set<TenantID> { Set(tenants.keys) }

    mutating func takePending() -> [Hold] {
        defer { pending = [] }
        return pending
    }

    /// Holds a call until its tenant's record differs from `record`. False: its deadline is too near.
    mutating func hold(
        _ request: HoldRequest, forTenant tenant: TenantID, record: TenantRecord?, at now: ContinuousClock.Instant,
        using random: inout some RandomNumberGenerator
    ) -> Bool {
        guard let time = hold(request, for: .tenant(tenant), at: now, using: &random) else { return false }
        tenants[tenant] = (record, max(now + time, tenants[tenant]?.until ?? now))
        return true
    }

    /// Holds a call until its host gives an answer. False: its deadline is too near.
    mutating func hold(
        _ request: HoldRequest, forHost host: String, at now: ContinuousClock.Instant,
        using random: inout some RandomNumberGenerator
    ) -> Bool {
        guard let time = hold(request, for: .host(host), at: now, using: &random) else { return false }
        hosts[host] = max(now + time, hosts[host] ?? now)
        return true
    }

    private mutating func hold(
        _ request: HoldRequest, for group: HoldGroup, at now: ContinuousClock.Instant,
        using random: inout some RandomNumberGenerator
    ) -> Duration? {
        guard max(request.minimum, HoldTimes.shortest) <= request.left else { return nil }
        let doubled = times.time(
            for: group, waited: request.waited, perSecond: request.perSecond, at: now, using: &random)
        let time = min(max(request.minimum, doubled), request.left)
        pending.append(Hold(request.receipt, for: group, delay: time))
        return time
    }

    /// Call it when a host has given an answer. True: calls are held for it, and are to be woken now.
    mutating func answered(_ host: String) -> Bool {
        guard !hosts.isEmpty, hosts.removeValue(forKey: host) != nil else { return false }
        times.forget(.host(host))
        return true
    }

    /// Forgets and returns the tenants whose record is no longer the one because of which their calls are held; these
    /// are to be woken now.
    mutating func changedTenants(_ record: (TenantID) -> TenantRecord?) -> [TenantID] {
        let changed = tenants.filter { record($0.key) != $0.value.record }.keys.sorted()
        for tenant in changed {
            tenants[tenant] = nil
            times.forget(.tenant(tenant))
        }
        return changed
    }

    /// Forgets groups whose calls have all come back by themselves.
    mutating func forgetPast(_ now: ContinuousClock.Instant) {
        if !hosts.isEmpty { hosts = hosts.filter { $0.value > now } }
        if !tenants.isEmpty { tenants = tenants.filter { $0.value.until > now } }
    }
}
