import Model
import Scheduling
import TestRandom

/// A mix of schedules that makes roughly the wanted number of triggers: mostly weekly and monthly ones, few by the hour
/// or minute. At least about two triggers for three schedules in a month.
struct Workload {
    private enum Period: CaseIterable {
        case minute, hour, day, week, month, year, once

        var seconds: Double {
            switch self {
            case .minute: 60
            case .hour: 3_600
            case .day: 86_400
            case .week: 604_800
            case .month: 2_630_000
            case .year: 31_600_000
            case .once: 0
            }
        }
    }

    let start: Timestamp
    let days: Int
    private let weights: [(period: Period, weight: Double)]
    private static let zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]

    init(_ configuration: SimulationConfiguration, start: Timestamp) {
        self.start = start
        days = configuration.days
        let span = Double(configuration.days) * 86_400
        let rare: [(Period, Double)] = [(.month, 0.60), (.year, 0.30), (.once, 0.10)]
        let slow: [(Period, Double)] = [(.week, 0.40), (.month, 0.48), (.year, 0.03), (.once, 0.09)]
        let fast: [(Period, Double)] = [(.minute, 0.000_1), (.hour, 0.02), (.day, 0.98)]
        func triggers(_ mix: [(Period, Double)]) -> Double {
            mix.reduce(0) { $0 + $1.1 * ($1.0 == .once ? 1 : span / $1.0.seconds) }
        }
        let wanted = Double(configuration.triggers) / Double(configuration.schedules)
        let share = min(1, max(0, (wanted - triggers(slow)) / (triggers(fast) - triggers(slow))))
        // Below what a weekly mix makes, rarer schedules take its place.
        let scarcity = min(1, max(0, (triggers(slow) - wanted) / (triggers(slow) - triggers(rare))))
        let rest = max(0, wanted - triggers(fast))
        // Beyond what a daily mix makes, schedules by the minute make up the rest.
        let minutes = min(1, rest / (span / 60))
        weights =
            rare.map { ($0.0, $0.1 * scarcity) } + slow.map { ($0.0, $0.1 * (1 - scarcity) * (1 - share)) }
            + fast.map { ($0.0, $0.1 * share * (1 - minutes)) }
            + [(.minute, minutes * share)]
    }

    func timing(using random: inout SeededGenerator) -> Timing {
        let period = period(using: &random)
        var timing = Timing(when: [entry(period, using: &random)])
        setMargin(of: &timing, period, using: &random)
        timing.missed = random.pick([.last, .last, .last, .skip, .all])
        let end = start + .seconds(86_400 * days)
        switch random.next() % 32 {
        case 0: timing.from = start + random.duration(0...86_400, unit: 1_000_000)
        case 1: timing.until = end - random.duration(0...Int64(days) * 43_200, unit: 1_000_000)
        case 2: timing.maxTriggers = Int.random(in: 1...20, using: &random)
        case 3:
            timing.except = [
                // A constant that is valid.
                .cron(CronEntry(try! CronExpression("* * * * sun"), timeZone: random.pick(Workload.zones)))
            ]
        case 4 where period != .once: timing.when.append(.at(instant(using: &random)))
        default: break
        }
        return timing
    }

    private func period(using random: inout SeededGenerator) -> Period {
        var place = Double.random(in: 0..<1, using: &random) * weights.reduce(0) { $0 + $1.weight }
        for (period, weight) in weights {
            place -= weight
            if place < 0 { return period }
        }
        return .week
    }

    private func instant(using random: inout SeededGenerator) -> Timestamp {
        start + random.duration(10_000...Int64(days) * 86_400_000)
    }

    private func entry(_ period: Period, using random: inout SeededGenerator) -> CalendarEntry {
        if period == .once { return .at(instant(using: &random)) }
        if random.chance(0.5) {
            return .every(Every(period: .seconds(Int64(period.seconds)), anchor: instant(using: &random)))
        }
        // Half of the cron entries are at a full hour or minute, as people write them.
        let isRound = random.chance(0.5)
        func number(_ limit: UInt64) -> UInt64 { random.next() % limit }
        let (second, minute) = isRound ? (0, 0) : (number(60), number(60))
        let text =
            switch period {
            case .minute, .once: "\(second) * * * * *"
            case .hour: "\(second) \(minute) * * * *"
            case .day: "\(second) \(minute) \(number(24)) * * *"
            case .week: "\(second) \(minute) \(number(24)) * * \(number(7))"
            case .month: "\(second) \(minute) \(number(24)) \(1 + number(28)) * *"
            case .year: "\(second) \(minute) \(number(24)) \(1 + number(28)) \(1 + number(12)) *"
            }
        // Valid: all its numbers are in range.
        return .cron(CronEntry(try! CronExpression(text), timeZone: random.pick(Workload.zones)))
    }

    private func setMargin(of timing: inout Timing, _ period: Period, using random: inout SeededGenerator) {
        let longest = Int64(max(20, min(21_600, period.seconds / 4)))
        switch random.next() % 8 {
        case 0:
            timing.margin = .duration(.seconds(Int64.random(in: 1...min(longest, 600), using: &random)))
            timing.spread = .load
        case 1:
            timing.margin = .duration(.seconds(Int64.random(in: 1...longest, using: &random)))
            timing.spread = .hash
        case 2:
            timing.margin = .share(Int.random(in: 10...1_000, using: &random))
            timing.spread = .hash
        case 3: timing.margin = .duration(.zero)
        default: break
        }
    }
}
