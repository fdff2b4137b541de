import Model
import TestRandom
import Testing

@testable import Scheduling

/// Random expressions against a matcher that shares nothing with the code but `TimeZone.offset`: it looks at every second
/// of some days and remembers which readings of the clock it has seen.
@Suite struct CronPropertyTests {
    /// The values of one field and how to write them.
    struct Field {
        var text: String
        var values: Set<Int>
        var isStar: Bool

        static func random(_ range: ClosedRange<Int>, using random: inout SeededGenerator) -> Field {
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1: return Field(text: "*", values: Set(range), isStar: true)
            case 2:
                let step = Int.random(in: 1...min(20, range.count), using: &random)
                let values = range.filter { ($0 - range.lowerBound) % step == 0 }
                return Field(text: "*/\(step)", values: Set(values), isStar: true)
            case 3:
                let (first, last) = (Int.random(in: range, using: &random), Int.random(in: range, using: &random))
                let values = range.filter { first <= last ? first <= $0 && $0 <= last : $0 >= first || $0 <= last }
                return Field(text: "\(first)-\(last)", values: Set(values), isStar: false)
            default:
                let values = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                    Int.random(in: range, using: &random)
                }
                return Field(text: values.map(String.init).joined(separator: ","), values: Set(values), isStar: false)
            }
        }
    }

    struct Model {
        var second, minute, hour, day, month, weekday: Field
        var gap: CronEntry.Gap
        var overlap: CronEntry.Overlap
        var text: String {
            "\(second.text) \(minute.text) \(hour.text) \(day.text) \(month.text) \(weekday.text)"
        }

        func matches(_ local: Int64) -> Bool {
            let time = Int(local - floorDivide(local, 86_400) * 86_400)
            guard second.values.contains(time % 60), minute.values.contains(time / 60 % 60),
                hour.values.contains(time / 3_600)
            else { return false }
            let date = CivilDate(daysSinceEpoch: Int(floorDivide(local, 86_400)))
            let (isDay, isWeekday) = (day.values.contains(date.day), weekday.values.contains(date.weekday))
            return month.values.contains(date.month)
                && (day.isStar || weekday.isStar ? isDay && isWeekday : isDay || isWeekday)
        }

        /// The occurrences among some seconds.
        func occurrences(_ readings: [Reading]) -> [Int64] {
            readings.filter { reading in
                if gap == .shift, reading.skipped.contains(where: matches) { return true }
                let counts =
                    switch overlap {
                    case .first: !reading.isSecond
                    case .second: !reading.isFirst
                    case .both: true
                    }
                return counts && matches(reading.local)
            }.map(\.second)
        }
    }

    /// What the wall clock shows in one second.
    struct Reading {
        var second: Int64
        var local: Int64
        /// It shows the same once more, later.
        var isFirst = false
        /// It has shown the same before.
        var isSecond = false
        /// What it did not show since the second before.
        var skipped: Range<Int64>

        static func all(in range: Range<Int64>, _ zone: TimeZone) -> [Reading] {
            var readings: [Reading] = []
            var places: [Int64: Int] = [:]
            var before: Int64?
            // With the hours before and after, to know which come twice.
            for second in range.lowerBound - 8_000..<range.upperBound + 8_000 {
                let local = second + Int64(zone.offset(at: Timestamp(seconds: second)))
                let last = before ?? local - 1
                var reading = Reading(second: second, local: local, skipped: last + 1..<max(last + 1, local))
                if let place = places.updateValue(readings.count, forKey: local) {
                    readings[place].isFirst = true
                    reading.isSecond = true
                }
                readings.append(reading)
                before = local
            }
            // The expressions here name seconds 0 and 30 only.
            return readings.filter { range.contains($0.second) && ($0.local % 30 == 0 || !$0.skipped.isEmpty) }
        }
    }

    /// Days around changes of the clocks, and some without.
    static let places: [(zone: String, start: String)] = [
        ("UTC", "2028-02-27T00:00:00Z"), ("Europe/Berlin", "2026-03-28T00:00:00Z"),
        ("Europe/Berlin", "2026-10-24T00:00:00Z"), ("America/New_York", "2026-03-07T12:00:00Z"),
        ("America/New_York", "2026-10-31T12:00:00Z"), ("Australia/Lord_Howe", "2026-04-04T00:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T00:00:00Z"), ("Africa/Casablanca", "2026-02-14T12:00:00Z"),
        ("Africa/Casablanca", "2026-03-21T12:00:00Z"), ("Pacific/Apia", "2011-12-29T00:00:00Z"),
        ("Europe/Dublin", "2451-10-28T00:00:00Z"), ("Asia/Kolkata", "2026-12-31T00:00:00Z"),
    ]

    @Test(arguments: places)
    func `stepping is the same as looking at every second`(zone name: String, start: String) throws {
        let zone = try #require(TestZones.catalog.zone(name))
        let first = try #require(Timestamp(start)).seconds
        let range = first..<first + 2 * 86_400
        let readings = Reading.all(in: range, zone)
        for seed in 0..<6 as Range<UInt64> {
            var random = SeededGenerator(seed: seed * 977 + UInt64(first))
            func field(_ range: ClosedRange<Int>) -> Field { Field.random(range, using: &random) }
            let model = Model(
                second: Field(text: "0,30", values: [0, 30], isStar: false), minute: field(0...59), hour: field(0...23),
                day: field(1...31),
                month: Bool.random(using: &random)
                    ? field(1...12) : Field(text: "*", values: Set(1...12), isStar: true),
                weekday: field(0...6), gap: Bool.random(using: &random) ? .skip : .shift,
                overlap: [.first, .second, .both].randomElement(using: &random)!)
            let entry = CronEntry(
                try CronExpression(model.text), timeZone: name, gap: model.gap, overlap: model.overlap)
            let timing = CompiledTiming(Timing(when: [.cron(entry)]), zones: TestZones.catalog)
            let found = timing.stepped(through: range)
            let expected = model.occurrences(readings)
            #expect(found == expected, "\(model.text) \(model.gap) \(model.overlap), seed \(seed)")
            let run = timing.run(
                from: Timestamp(seconds: range.lowerBound), before: Timestamp(seconds: range.upperBound))
            #expect(
                run?.count ?? 0 == expected.count && run?.last.seconds == expected.last, "\(model.text), seed \(seed)")
        }
    }

    @Test func `the next occurrence is later, the same from anywhere between, and survives storing`() throws {
        let zones = ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "America/St_Johns"]
        for seed in 0..<400 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let timing = Timing.random(zones: zones, using: &random)
            #expect(try Timing(decoding: timing.encode()) == timing, "seed \(seed)")
            let compiled = CompiledTiming(timing, zones: TestZones.catalog)
            var time = Timestamp(milliseconds: Int64.random(in: 0...4_000_000_000_000, using: &random))
            for _ in 0..<20 {
                guard let next = compiled.next(after: time) else { break }
                try #require(next > time, "seed \(seed)")
                #expect(next.microseconds % 1_000 == 0, "seed \(seed)")
                #expect(compiled.next(atOrAfter: next) == next, "seed \(seed)")
                let between = Int64.random(in: time.microseconds..<next.microseconds, using: &random)
                #expect(compiled.next(after: Timestamp(microseconds: between)) == next, "seed \(seed)")
                time = next
            }
        }
    }
}

extension CompiledTiming {
    /// The seconds of a range that stepping from one occurrence to the next comes to.
    func stepped(through range: Range<Int64>) -> [Int64] {
        var found: [Int64] = []
        var time = Timestamp(seconds: range.lowerBound)
        while let next = next(atOrAfter: time), next.seconds < range.upperBound {
            found.append(next.seconds)
            time = next + .microseconds(1)
        }
        return found
    }
}

extension Timing {
    /// A timing of one to three entries, with or without exclusions.
    static func random(zones: [String], using random: inout SeededGenerator) -> Timing {
        func entry() -> CalendarEntry {
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                return .every(
                    Every(
                        period: .milliseconds(Int64.random(in: 1_000...90_000_000, using: &random)),
                        anchor: Timestamp(
                            milliseconds: Int64.random(in: -10_000_000...4_000_000_000_000, using: &random))))
            case 1: return .at(Timestamp(milliseconds: Int64.random(in: 0...4_000_000_000_000, using: &random)))
            default:
                let texts = [
                    "H H * * *", "*/7 * * * *", "0 22-2 * * MON-FRI", "30 2 L * *", "15,45 1-3 * * *", "0 0 29 2 *",
                    "0 9 1W * *", "0 9 * * 6#5", "*/20 * 3 * * * 2020-2040", "0 12 L-3 * 5L", "0 12 L-3W,L-9W * *",
                ]
                return .cron(
                    CronEntry(
                        try! CronExpression(texts.randomElement(using: &random)!, seed: random.next()),
                        timeZone: zones.randomElement(using: &random)!,
                        gap: [nil, .skip, .shift].randomElement(using: &random)!,
                        overlap: [nil, .first, .second, .both].randomElement(using: &random)!))
            }
        }
        let some = { (random: inout SeededGenerator) in Bool.random(using: &random) }
        return Timing(
            when: (0..<Int.random(in: 1...3, using: &random)).map { _ in entry() },
            except: (0..<Int.random(in: 0...1, using: &random)).map { _ in entry() },
            margin: [.omitted, .duration(.seconds(600)), .share(2_500)].randomElement(using: &random)!,
            missed: MissedPolicy.allCases.randomElement(using: &random)!,
            overlap: [.allow, .skip, .cancel, .queue(3)].randomElement(using: &random)!,
            from: some(&random) ? Timestamp(seconds: Int64.random(in: 0...2_000_000_000, using: &random)) : nil,
            until: some(&random)
                ? Timestamp(seconds: Int64.random(in: 2_000_000_000...9_000_000_000, using: &random)) : nil,
            maxTriggers: some(&random) ? Int.random(in: 1...1_000, using: &random) : nil)
    }
}
