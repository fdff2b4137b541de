package import Model

/// Decides which calls may be made now, so that a slow or dead target host, or a busy tenant, costs others neither
/// slots nor attempts. A value without I/O or clock: it is told when calls begin and how they end.
///
/// Calls cannot be taken back, so some slots are kept for newcomers: once only a ninth is free, a host and a tenant may
/// each hold at most an eighth of what is still free, counting all they hold (the dynamic thresholds of Choudhury and
/// Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches", 1998; decision 0018). One alone may use
/// all others. A host that left many calls in a row unanswered is left alone for a while, then tried with a single
/// call: the circuit breaker of Nygard, "Release It!" (2007).
package struct TargetGate: Sendable {
    /// Limits on calls, and how fast calls that were turned away come back.
    package struct Configuration: Sendable {
        /// Slots for calls in flight, of which each host and tenant gets a share; nil: the total is limited elsewhere,
        /// and the two limits below apply unchanged.
        package var slots: Int?
        /// Limit on the calls in flight to one host.
        package var perHost: Int
        /// Limit on the calls in flight of one tenant.
        package var perTenant: Int
        /// Consecutive unanswered calls that open a host's breaker.
        package var failuresToOpen = 20
        /// How long a breaker is open at first; doubles after each failed trial.
        package var open: Duration = .seconds(5)
        /// The longest time that a breaker is open between trials.
        package var longestOpen: Duration = .seconds(60)
        /// The shortest wait of a call that found no slot.
        package var retry: Duration = .milliseconds(250)
        /// How many calls of a host or tenant that found no slot come back in a second: the more of them, the longer
        /// they wait. A call that ends halves the waits that are given out next.
        package var retriesPerSecond = 200.0
        /// The longest wait of a call that found no slot.
        package var longestRetry: Duration = .seconds(60)

        /// These limits; the other settings at their defaults.
        package init(perHost: Int, perTenant: Int, slots: Int? = nil) {
            precondition(perHost > 0 && perTenant > 0 && slots ?? 1 > 0, "a limit of at least one call")
            self.slots = slots
            self.perHost = perHost
            self.perTenant = perTenant
        }
    }

    /// Whether a call may be made.
    package enum Decision: Hashable, Sendable {
        /// Now; it has taken its slot.
        case go
        /// Not for this long. Its lease is to be released without charging an attempt.
        case wait(Duration, Reason)
    }

    /// Why a call is turned away; the case's name is the metric's label.
    package enum Reason: Sendable {
        /// No slot is left for the host.
        case host
        /// No slot is left for the tenant.
        case tenant
        /// The host's breaker is open, or its trial is under way.
        case breaker
    }

    /// The state of a host's circuit breaker.
    private enum Breaker {
        case closed(failures: Int)
        /// No calls until then; the next one is a trial.
        case open(until: ContinuousClock.Instant, length: Duration)
        /// One trial call is in flight.
        case halfOpen(length: Duration)
    }

    /// The slots that a host or a tenant holds.
    private struct Usage {
        var inFlight = 0
        /// When the next call that finds no slot may be tried again.
        var turn: ContinuousClock.Instant?

        mutating func free(at now: ContinuousClock.Instant) {
            inFlight -= 1
            turn = turn.flatMap { $0 > now ? now + ($0 - now) / 2 : nil }
        }
    }

    private struct Host {
        var usage = Usage()
        var breaker = Breaker.closed(failures: 0)

        var isIdle: Bool {
            if case .closed(0) = breaker { return usage.inFlight == 0 }
            return false
        }
    }

    private let configuration: Configuration
    private var hosts: [String: Host] = [:]
    private var tenants: [TenantID: Usage] = [:]
    private var inFlight = 0

    /// A gate without calls in flight.
    package init(_ configuration: Configuration) { self.configuration = configuration }

    /// How many hosts' breakers are open or on trial.
    package var openBreakers: Int {
        hosts.values.filter { if case .closed = $0.breaker { false } else { true } }.count
    }

    /// Why a call would be turned away now; nil: it would not. Asked before something is spent on the call; takes no
    /// slot.
    package func reasonToWait(host name: String, tenant: TenantID, at now: ContinuousClock.Instant) -> Reason? {
        guard let host = hosts[name] else { return limit(1) == 0 ? .host : isFull(tenant) ? .tenant : nil }
        switch host.breaker {
        case .open(let until, _) where now < until: return .breaker
        case .halfOpen: return .breaker
        case .open, .closed: break
        }
        return host.usage.inFlight >= limit(configuration.perHost) ? .host : isFull(tenant) ? .tenant : nil
    }

    private func isFull(_ tenant: TenantID) -> Bool {
        tenants[tenant]?.inFlight ?? 0 >= limit(configuration.perTenant)
    }

    /// How many calls a host or tenant may have in flight now, given its own limit.
    private func limit(_ own: Int) -> Int {
        guard let slots = configuration.slots else { return own }
        let free = slots - inFlight
        if free > slots / 9 { return own }
        return free <= 0 ? 0 : min(own, max(1, free / 8))
    }

    /// Asks for a slot. `go` takes it; the call must then be ended with `end`.
    package mutating func admit(
        host name: String, tenant: TenantID, at now: ContinuousClock.Instant,
        using random: inout some RandomNumberGenerator
    ) -> Decision {
        var host = hosts[name] ?? Host()
        switch host.breaker {
        case .open(let until, _) where now < until:
            return .wait(until - now + jittered(configuration.retry, &random), .breaker)
        case .halfOpen: return .wait(jittered(configuration.retry, &random), .breaker)
        case .open, .closed: break
        }
        if host.usage.inFlight >= limit(configuration.perHost) {
            let wait = nextRetry(&host.usage, at: now, &random)
            if host.usage.inFlight > 0 { hosts[name] = host }
            return .wait(wait, .host)
        }
        if isFull(tenant) {
            var usage = tenants[tenant] ?? Usage()
            let wait = nextRetry(&usage, at: now, &random)
            if usage.inFlight > 0 { tenants[tenant] = usage }
            return .wait(wait, .tenant)
        }
        if case .open(_, let length) = host.breaker { host.breaker = .halfOpen(length: length) }
        inFlight += 1
        host.usage.inFlight += 1
        hosts[name] = host
        tenants[tenant, default: Usage()].inFlight += 1
        return .go
    }

    /// Gives back the slot of a call that has ended: with an answer, without one, or (nil) in a way that says nothing
    /// about the host.
    package mutating func end(host name: String, tenant: TenantID, isAnswered: Bool?, at now: ContinuousClock.Instant) {
        guard var host = hosts[name], host.usage.inFlight > 0 else {
            preconditionFailure("no call to \(name) is in flight")
        }
        inFlight -= 1
        host.usage.free(at: now)
        tenants[tenant]?.free(at: now)
        if tenants[tenant]?.inFlight == 0 { tenants[tenant] = nil }
        switch (isAnswered, host.breaker) {
        case (true?, _): host.breaker = .closed(failures: 0)
        case (false?, .closed(let failures)):
            host.breaker =
                failures + 1 < configuration.failuresToOpen
                ? .closed(failures: failures + 1) : .open(until: now + configuration.open, length: configuration.open)
        case (false?, .halfOpen(let length)):
            let longer = min(length * 2, configuration.longestOpen)
            host.breaker = .open(until: now + longer, length: longer)
        case (nil, .halfOpen(let length)): host.breaker = .open(until: now, length: length)
        // A call that began before the breaker opened, or one that says nothing about the host: no change.
        case (false?, .open), (nil, _): break
        }
        hosts[name] = host.isIdle ? nil : host
    }

    private func nextRetry(
        _ usage: inout Usage, at now: ContinuousClock.Instant, _ random: inout some RandomNumberGenerator
    ) -> Duration {
        let turn = max(now + configuration.retry, usage.turn ?? now)
        if turn - now > configuration.longestRetry {
            return configuration.longestRetry * Double.random(in: 0.5...1, using: &random)
        }
        usage.turn = turn + .seconds(1 / configuration.retriesPerSecond)
        return turn - now
    }

    /// Once to twice the time, so that those who wait do not come back together.
    private func jittered(_ time: Duration, _ random: inout some RandomNumberGenerator) -> Duration {
        time + .microseconds(Int64.random(in: 0...time.microseconds, using: &random))
    }
}
