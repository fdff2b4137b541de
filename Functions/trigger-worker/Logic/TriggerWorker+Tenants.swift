import Calls
import FunctionRuntime
import Logging
import Model
import Queue
import Secrets
import Telemetry

/// What a tenant's settings require before a call: that it is not paused, its secrets, and its rates.
extension TriggerWorker {
    /// Reads the state of the tenant directory, at most once a second and only while there is work.
    func refreshTenants() async {
        if let cachedAt, ContinuousClock.now - cachedAt < .seconds(1) { return }
        do {
            if let clock, clock.isStale {
                let measured = try await ClockOffset { [queue] in try await queue.serverClock() }
                runtime.check(measured, against: "queue")
                self.clock = measured
            }
            cache.adopt(try await tenants.state())
            cachedAt = .now
            try await wakeTenants()
        } catch {
            runtime.logger.warning("cannot read the tenants' directory or the queue's clock: \(error)")
        }
    }

    /// Wakes the calls held for tenants whose records have changed since.
    private func wakeTenants() async throws(QueueError) {
        if !held.hasTenants { return }
        let missing = cache.missing(of: held.tenantNames)
        try await readRecords(of: missing)
        for tenant in held.changedTenants({ cache.record(of: $0) }) { wake(.tenant(tenant)) }
    }

    private func readRecords(of missing: [TenantID]) async throws(QueueError) {
        for tenant in cache.store(try await tenants.records(of: missing), of: missing) {
            runtime.logger.error(
                "the published settings of a tenant cannot be read: its calls wait", metadata: ["tenant": "\(tenant)"])
        }
    }

    /// Admits these deliveries one batch after the other, while other calls go on.
    func admitLater(_ deliveries: [Delivery]) {
        if deliveries.isEmpty { return }
        admitting += deliveries.count
        let before = admission
        admission = Task {
            await before?.value
            let releases: [Settlement]
            do throws(QueueError) {
                releases = try await admit(deliveries)
            } catch {
                runtime.logger.warning("cannot read tenants' settings or rates: \(error)")
                releases = deliveries.map { Settlement($0.receipt, .release(after: .seconds(1))) }
            }
            await settle(releases)
            admitting -= deliveries.count
            wakeReceiver()
        }
    }

    /// Begins the calls that may be made now, and returns settlements for the others.
    private func admit(_ deliveries: [Delivery]) async throws(QueueError) -> [Settlement] {
        var (open, settlements) = await admitUncancelled(deliveries)
        let missing = cache.missing(of: Set(open.map(\.message.tenant)))
        try await readRecords(of: missing)
        var ready: [Delivery] = []
        for var delivery in open {
            if cache.record(of: delivery.message.tenant)?.isPaused == true {
                if let end = hold(delivery, because: TenantSettings.pauseReason) { settlements.append(end) }
                continue
            }
            do throws(SecretError) {
                try unsealSecrets(&delivery)
                ready.append(delivery)
            } catch {
                runtime.logger.warning(
                    "a call waits: \(error)",
                    metadata: ["tenant": "\(delivery.message.tenant)", "schedule": "\(delivery.message.schedule)"])
                if let end = hold(delivery, because: "\(error)") { settlements.append(end) }
            }
        }
        return settlements + (try await applyRates(ready))
    }

    private func unsealSecrets(_ delivery: inout Delivery) throws(SecretError) {
        guard case .http(let call) = delivery.record.action, call.usesSecrets else { return }
        guard cache.hasDirectory else { throw SecretError("the tenants' secrets have not been published here yet") }
        let sealed = cache.record(of: delivery.message.tenant)?.secrets ?? [:]
        delivery.secrets = try CallSecrets(
            of: call, tenant: delivery.message.tenant, sealed: sealed, keys: keys, now: delivery.startedAt)
    }

    /// Begins the calls that their rates allow now, and returns settlements for the others.
    private func applyRates(_ deliveries: [Delivery]) async throws(QueueError) -> [Settlement] {
        let (instant, now) = (ContinuousClock.now, WallClock.now())
        let buckets = deliveries.map { cache.record(of: $0.message.tenant)?.buckets(host: $0.host) ?? [] }
        // A call that the gate turns away anyway must not use up its tenant's rate.
        let rated = deliveries.indices.filter { place in
            let delivery = deliveries[place]
            return !buckets[place].isEmpty
                && gate.reasonToWait(host: delivery.host, tenant: delivery.message.tenant, at: instant) == nil
        }
        let waits = try await limiter.reserve(
            rated.map { place in
                let message = deliveries[place].message
                return RateRequest(
                    id: MessageID(message.id), tenant: message.tenant, longest: message.deadline - now,
                    buckets: buckets[place])
            })
        var times = Dictionary(uniqueKeysWithValues: zip(rated, waits))
        return deliveries.indices.compactMap { place in
            let wait = times.removeValue(forKey: place) ?? .zero
            if wait <= .zero { return beginLate(deliveries[place]) }
            let names = buckets[place].map(\.reason).joined(separator: ", ")
            if wait <= QueueRules.rateHorizon { return release(deliveries[place], for: wait, because: names) }
            // Beyond the horizon nothing was reserved: it asks again later, spread over time.
            let slowest = buckets[place].map(\.rate).min() ?? 0
            return hold(
                deliveries[place], for: QueueRules.rateHorizon * Double.random(in: 0.5...1), until: wait,
                perSecond: max(HoldTimes.perSecond, 2 * slowest), because: names)
        }
    }

    /// Begins a call after its tenant was looked up, unless that took so long that the lease may end before it is first
    /// extended.
    private func beginLate(_ delivery: Delivery) -> Settlement? {
        var delivery = delivery
        let now = WallClock.now()
        if now - delivery.startedAt > visibility / 3 { return Settlement(delivery.receipt, .release(after: .zero)) }
        delivery.startedAt = now
        return endIfExpired(delivery) ?? begin(delivery, since: .now).settlement
    }

    /// Holds a call until the tenant's record changes, for `time` at least, without charging an attempt. Returns the
    /// settlement if it cannot be held, or if the trigger ends because its deadline passes first.
    private func hold(
        _ delivery: Delivery, for time: Duration = HoldTimes.shortest, until wait: Duration? = nil,
        perSecond: Double = HoldTimes.perSecond, because reason: String
    ) -> Settlement? {
        if let end = endIfItWouldExpire(delivery, before: wait ?? time, because: reason) { return end }
        let least = min(time, delivery.message.deadline - WallClock.now())
        guard holdForTenant(delivery, atLeast: least, perSecond: perSecond) else {
            return release(delivery, for: time, because: reason)
        }
        countHeldBack("settings")
        return nil
    }

    /// Releases a lease for a time without charging an attempt, or ends the trigger if its deadline passes first.
    private func release(_ delivery: Delivery, for time: Duration, because reason: String) -> Settlement {
        if let end = endIfItWouldExpire(delivery, before: time, because: reason) { return end }
        countHeldBack("settings")
        return Settlement(delivery.receipt, .release(after: time))
    }

    /// The settlement that ends a trigger whose deadline passes within a time; nil: it does not.
    private func endIfItWouldExpire(_ delivery: Delivery, before time: Duration, because reason: String) -> Settlement?
    {
        let now = WallClock.now()
        if now + time <= delivery.message.deadline { return nil }
        let outcome = delivery.outcome(
            .expired, result: nil, reason: "the deadline passes before attempt \(delivery.attempt): \(reason)",
            endedAt: now)
        count(.expired)
        return Settlement(delivery.receipt, .acknowledge, outcome: outcome.line)
    }
}

extension Delivery {
    var usesSecrets: Bool {
        switch record.action {
        case .http(let call): call.usesSecrets
        case .flow: false
        }
    }
}

extension RateRequest.Bucket {
    var reason: String { name == "all" ? "the tenant's rate is \(rate)/s" : "the rate of \(name) is \(rate)/s" }
}
