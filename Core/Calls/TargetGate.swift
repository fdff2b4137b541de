private import Model

/// Decides which calls may be made now, so that a slow or dead target host, or a busy tenant, costs others neither places nor
/// attempts. A value without I/O or clock: it is told when calls begin and how they end.
///
/// Calls cannot be taken back, so a part of the places is kept for whoever comes: of the last ninth a host and a tenant may each hold
/// an eighth of what is still free, all that they hold elsewhere included (the dynamic thresholds of Choudhury and Hahne, "Dynamic
/// Queue Length Thresholds for Shared-Memory Packet Switches", 1998). One alone may use all others. A host that gave no answer many times in a row is left
/// alone for a while, then tried with one call: the circuit breaker of Nygard, "Release It!" (2007).
package struct TargetGate: Sendable {
    package struct Configuration: Sendable {
        /// Calls in flight at once; nil: they are bounded elsewhere, and there are no shares of them.
        package var places: Int?
        /// Calls in flight to one host.
        package var perHost: Int
        /// Calls in flight of one tenant.
        package var perTenant: Int
        /// Calls without an answer, in a row, that open a host's breaker.
        package var failuresToOpen = 20
        /// How long it is open at first; twice as long after each failed trial.
        package var open: Duration = .seconds(5)
        package var longestOpen: Duration = .seconds(60)
        /// How soon a call that found no place is tried again, at least. The more of a host's or a tenant's find none while none of
        /// its calls ends, the later: so many come back in a second, and none after more than `longestRetry`.
        package var retry: Duration = .milliseconds(250)
        package var retriesPerSecond = 200.0
        package var longestRetry: Duration = .seconds(60)

        package init(perHost: Int, perTenant: Int, places: Int? = nil) {
            precondition(perHost > 0 && perTenant > 0 && places ?? 1 > 0, "a limit of at least one call")
            self.places = places
            self.perHost = perHost
            self.perTenant = perTenant
        }
    }

    package enum Decision: Hashable, Sendable {
        case go
        /// To be released for so long, without charging an attempt.
        case wait(Duration, Reason)
    }

    package enum Reason: String, Sendable {
        case host = "the host has all the calls it may have"
        case tenant = "the tenant has all the calls it may have"
        case breaker = "the host gives no answer"
    }

    private enum Breaker {
        case closed(failures: Int)
        /// Closed to calls until then; the next one is a trial.
        case open(until: ContinuousClock.Instant, length: Duration)
        case trial(length: Duration)
    }

    /// The places of a host or a tenant.
    private struct Places {
        var inFlight = 0
        /// When the next call that finds no place may be tried again.
        var turn: ContinuousClock.Instant?

        mutating func free(at now: ContinuousClock.Instant) {
            inFlight -= 1
            turn = turn.flatMap { $0 > now ? now + ($0 - now) / 2 : nil }
        }
    }

    private struct Host {
        var places = Places()
        var breaker = Breaker.closed(failures: 0)

        var isForgettable: Bool {
            if case .closed(0) = breaker { return places.inFlight == 0 }
            return false
        }
    }

    private let configuration: Configuration
    private var hosts: [String: Host] = [:]
    private var tenants: [String: Places] = [:]
    private var inFlight = 0

    package init(_ configuration: Configuration) { self.configuration = configuration }

    /// How many hosts' breakers are not closed.
    package var openBreakers: Int {
        hosts.values.filter { if case .closed = $0.breaker { false } else { true } }.count
    }

    /// Whether a call would be turned away now: asked before something is spent on it. Nil: it would not.
    package func turnsAway(host name: String, tenant: String, at now: ContinuousClock.Instant) -> Reason? {
        guard let host = hosts[name] else { return limit(1) == 0 || isFull(tenant) ? .tenant : nil }
        switch host.breaker {
        case .open(let until, _) where now < until: return .breaker
        case .trial: return .breaker
        case .open, .closed: break
        }
        return host.places.inFlight >= limit(configuration.perHost) ? .host : isFull(tenant) ? .tenant : nil
    }

    private func isFull(_ tenant: String) -> Bool {
        tenants[tenant]?.inFlight ?? 0 >= limit(configuration.perTenant)
    }

    /// What a host or a tenant may hold now.
    private func limit(_ own: Int) -> Int {
        guard let places = configuration.places else { return own }
        let free = places - inFlight
        if free > places / 9 { return own }
        return free <= 0 ? 0 : min(own, max(1, free / 8))
    }

    /// Asks for a place; `go` takes it.
    package mutating func admit(
        host name: String, tenant: String, at now: ContinuousClock.Instant,
        using random: inout some RandomNumberGenerator
    ) -> Decision {
        var host = hosts[name] ?? Host()
        switch host.breaker {
        case .open(let until, _) where now < until:
            return .wait(until - now + spread(configuration.retry, &random), .breaker)
        case .trial: return .wait(spread(configuration.retry, &random), .breaker)
        case .open, .closed: break
        }
        if host.places.inFlight >= limit(configuration.perHost) {
            let wait = turnAway(&host.places, at: now, &random)
            if host.places.inFlight > 0 { hosts[name] = host }
            return .wait(wait, .host)
        }
        if isFull(tenant) {
            var places = tenants[tenant] ?? Places()
            let wait = turnAway(&places, at: now, &random)
            if places.inFlight > 0 { tenants[tenant] = places }
            return .wait(wait, .tenant)
        }
        if case .open(_, let length) = host.breaker { host.breaker = .trial(length: length) }
        inFlight += 1
        host.places.inFlight += 1
        hosts[name] = host
        tenants[tenant, default: Places()].inFlight += 1
        return .go
    }

    /// A call has ended: with an answer, without one, or (nil) cancelled by us, which says nothing of the host.
    package mutating func end(host name: String, tenant: String, isAnswered: Bool?, at now: ContinuousClock.Instant) {
        guard var host = hosts[name], host.places.inFlight > 0 else {
            preconditionFailure("no call to \(name) is in flight")
        }
        inFlight -= 1
        host.places.free(at: now)
        tenants[tenant]?.free(at: now)
        if tenants[tenant]?.inFlight == 0 { tenants[tenant] = nil }
        switch (isAnswered, host.breaker) {
        case (true?, _): host.breaker = .closed(failures: 0)
        case (false?, .closed(let failures)):
            host.breaker =
                failures + 1 < configuration.failuresToOpen
                ? .closed(failures: failures + 1) : .open(until: now + configuration.open, length: configuration.open)
        case (false?, .trial(let length)):
            let longer = min(length * 2, configuration.longestOpen)
            host.breaker = .open(until: now + longer, length: longer)
        case (nil, .trial(let length)): host.breaker = .open(until: now, length: length)
        // A call from before it opened.
        case (false?, .open), (nil, _): break
        }
        hosts[name] = host.isForgettable ? nil : host
    }

    private func turnAway(
        _ places: inout Places, at now: ContinuousClock.Instant, _ random: inout some RandomNumberGenerator
    ) -> Duration {
        let turn = max(now + configuration.retry, places.turn ?? now)
        if turn - now > configuration.longestRetry {
            return configuration.longestRetry * Double.random(in: 0.5...1, using: &random)
        }
        places.turn = turn + .seconds(1 / configuration.retriesPerSecond)
        return turn - now
    }

    /// Once to twice the time, so that those who wait do not come back together.
    private func spread(_ time: Duration, _ random: inout some RandomNumberGenerator) -> Duration {
        time + .microseconds(Int64.random(in: 0...time.microseconds, using: &random))
    }
}
