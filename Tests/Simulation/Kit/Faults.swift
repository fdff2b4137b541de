import Memory
import Model
import Queue
import TestRandom

extension Simulation {
    /// Schedules the faults of the whole run.
    func arrangeFaults(until end: Timestamp) {
        let rates = configuration.faults
        let days = Double(configuration.days)
        func arrange(_ fault: Event.Fault, _ perDay: Double) {
            let count = Int(perDay * days) + (random.chance((perDay * days).truncatingRemainder(dividingBy: 1)) ? 1 : 0)
            for _ in 0..<count {
                let offset = random.duration(60_000...Int64(configuration.days) * 86_400_000)
                at(start + offset, .fault(fault))
            }
        }
        for fault in Event.Fault.allCases {
            switch fault {
            case .queueLoss: arrange(fault, rates.lossesPerDay)
            case .clockStep: arrange(fault, rates.clockStepsPerDay)
            case .hostTrouble: arrange(fault, rates.hostTroublesPerDay)
            default: arrange(fault, rates.outagesPerDay)
            }
        }
        if rates.changesPerDay > 0 { after(.seconds(30), .change) }
    }

    func begin(_ fault: Event.Fault) async throws {
        guard isHostile else { return }
        trace.note(.fault, clock.now, UInt64(fault.rawValue))
        switch fault {
        case .queueLoss: try await loseQueue()
        case .clockStep: stepClock()
        case .hostTrouble:
            target.trouble.insert(Int(random.next() % UInt64(Target.hosts)))
            after(random.duration(60...7_200, unit: 1_000_000), .mend(fault))
        case .workerOutage, .queueOutage:
            statistics.outages += 1
            broken.insert(fault.rawValue)
            // Meanwhile leases lapse whose calls were made.
            target.excuseAll()
            after(outage(), .mend(fault))
        default:
            statistics.outages += 1
            broken.insert(fault.rawValue)
            after(outage(), .mend(fault))
        }
    }

    /// How long an outage lasts: mostly minutes, sometimes hours.
    private func outage() -> Duration {
        random.chance(0.2) ? random.duration(600...10_800, unit: 1_000_000) : random.duration(5...600, unit: 1_000_000)
    }

    func mend(_ fault: Event.Fault) {
        if fault == .hostTrouble { target.trouble = [] } else { broken.remove(fault.rawValue) }
        for index in loaders.indices { wake(index, at: clock.now) }
    }

    func mendAll() {
        broken = []
        target.trouble = []
        clock.setOffset(.zero)
        for index in loaders.indices { wake(index, at: clock.now) }
    }

    /// Loses everything that the queue's server knew, including the monitor's generation counter.
    private func loseQueue() async throws {
        statistics.losses += 1
        target.excuseAll()
        _ = try await triggers.purge()
        _ = try await results.purge()
        monitor.generation = nil
    }

    /// Steps the database's clock, back or forward, to within half a minute of the hosts' time.
    private func stepClock() {
        statistics.clockSteps += 1
        clock.setOffset(random.duration(-30_000...30_000))
        for index in loaders.indices { wake(index, at: clock.now) }
    }
}
