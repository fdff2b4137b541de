import Model
import TestRandom
import Testing

@testable import Scheduling

/// Random expressions with everything that the two dialects know, against a matcher that is asked about every half minute of a year.
@Suite struct CronYearTests {
    typealias Field = CronPropertyTests.Field
    typealias Reading = CronPropertyTests.Reading

    /// A field of days and what it says of a date.
    struct Days {
        var text: String
        var isWildcard = false
        var matches: (CivilDate) -> Bool
    }

    struct ReferenceMatcher {
        var dialect: CronExpression.Dialect
        var second, minute, hour, month: Field
        var day, weekday: Days
        var years: Field?
        var gap: CronEntry.Gap
        var overlap: CronEntry.Overlap
        var text: String {
            ([second.text, minute.text, hour.text, day.text, month.text, weekday.text] + (years.map { [$0.text] } ?? []))
                .joined(separator: " ")
        }

        func matches(_ local: Int64) -> Bool {
            let days = floorDivide(local, 86_400)
            let time = Int(local - days * 86_400)
            guard second.values.contains(time % 60), minute.values.contains(time / 60 % 60),
                hour.values.contains(time / 3_600)
            else { return false }
            let date = CivilDate(daysSinceEpoch: Int(days))
            guard month.values.contains(date.month), years?.values.contains(date.year) ?? true else { return false }
            let isEither = dialect == .unix && !day.isWildcard && !weekday.isWildcard
            return isEither
                ? day.matches(date) || weekday.matches(date) : day.matches(date) && weekday.matches(date)
        }

        func occurrences(_ readings: [Reading]) -> [Int64] {
            readings.filter { reading in
                if gap == .shift, reading.skipped.contains(where: matches) { return true }
                switch overlap {
                case .first: if reading.isSecond { return false }
                case .second: if reading.isFirst { return false }
                case .both: break
                }
                return matches(reading.local)
            }.map(\.second)
        }
    }

    /// Local time every 30 s: expressions here name only the seconds 0 and 30, and offsets are whole minutes.
    private func readings(_ year: Range<Int64>, _ zone: TimeZone) -> [Reading] {
        var readings: [Reading] = []
        var places: [Int64: Int] = [:]
        for second in stride(from: year.lowerBound - 9_000, to: year.upperBound + 9_000, by: 30) {
            let offset = Int64(zone.offset(at: Timestamp(seconds: second)))
            let last = second - 1 + Int64(zone.offset(at: Timestamp(seconds: second - 1)))
            precondition(offset % 60 == 0)
            let local = second + offset
            var reading = Reading(second: second, local: local, skipped: last + 1..<max(last + 1, local))
            if let place = places.updateValue(readings.count, forKey: local) {
                readings[place].isFirst = true
                reading.isSecond = true
            }
            readings.append(reading)
        }
        return readings.filter { year.contains($0.second) }
    }

    private static func last(_ date: CivilDate) -> Int { CivilDate.days(inMonth: date.month, of: date.year) }
    private static func weekday(_ day: Int, of date: CivilDate) -> Int {
        CivilDate(year: date.year, month: date.month, day: day)!.weekday
    }
    /// The weekday nearest to a day, in the same month.
    private static func nearest(_ day: Int, _ date: CivilDate) -> Int {
        switch weekday(day, of: date) {
        case 6: day == 1 ? 3 : day - 1
        case 0: day == last(date) ? day - 2 : day + 1
        default: day
        }
    }

    private static let names = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

    private func day(_ random: inout SeededGenerator) -> Days {
        let number = Int.random(in: 1...28, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return Days(text: "L") { $0.day == Self.last($0) }
        case 1: return Days(text: "L-\(number % 5 + 1)") { $0.day == Self.last($0) - number % 5 - 1 }
        case 2:
            return Days(text: "LW") { date in
                date.day == (1...Self.last(date)).last { (1...5).contains(Self.weekday($0, of: date)) }
            }
        case 3: return Days(text: "\(number)W") { $0.day == Self.nearest(number, $0) }
        case 4:
            let step = number % 6 + 2
            return Days(text: "3-20/\(step)") { (3...20).contains($0.day) && ($0.day - 3) % step == 0 }
        default: return Days(text: "\(number),31") { $0.day == number || $0.day == 31 }
        }
    }

    private func weekday(_ dialect: CronExpression.Dialect, _ random: inout SeededGenerator) -> Days {
        let number = Int.random(in: 0...6, using: &random)
        let text = Bool.random(using: &random) ? Self.names[number] : "\(dialect == .quartz ? number + 1 : number)"
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            let nth = Int.random(in: 1...5, using: &random)
            return Days(text: "\(text)#\(nth)") { $0.weekday == number && ($0.day - 1) / 7 + 1 == nth }
        case 1: return Days(text: "\(text)L") { $0.weekday == number && $0.day + 7 > Self.last($0) }
        case 2:
            // It wraps: FRI-MON.
            let end = (number + 3) % 7
            return Days(text: "\(Self.names[number])-\(Self.names[end])") { ($0.weekday - number + 7) % 7 <= 3 }
        default: return Days(text: text) { $0.weekday == number }
        }
    }

    private func model(_ random: inout SeededGenerator) -> ReferenceMatcher {
        let dialect = CronExpression.Dialect.allCases.randomElement(using: &random)!
        let open = Days(text: dialect == .quartz ? "?" : "*", isWildcard: true) { _ in true }
        var (day, weekday) = (day(&random), weekday(dialect, &random))
        switch Int.random(in: 0..<(dialect == .quartz ? 2 : 3), using: &random) {
        case 0: day = open
        case 1: weekday = open
        default: break
        }
        let months = [
            Field(text: "*", values: Set(1...12), isStar: true),
            Field(text: "NOV-FEB", values: [11, 12, 1, 2], isStar: false),
            Field(text: "mar,Oct", values: [3, 10], isStar: false),
            Field(text: "2-12/4", values: [2, 6, 10], isStar: false),
        ]
        let seconds = [
            Field(text: "0", values: [0], isStar: false), Field(text: "*/30", values: [0, 30], isStar: true),
            Field(text: "30", values: [30], isStar: false),
        ]
        let years = [
            nil, Field(text: "2024-2030/2", values: [2024, 2026, 2028, 2030], isStar: false),
            Field(text: "*", values: Set(1970...2199), isStar: true),
        ]
        return ReferenceMatcher(
            dialect: dialect, second: seconds.randomElement(using: &random)!,
            minute: Field.random(0...59, using: &random), hour: Field.random(0...23, using: &random),
            month: months.randomElement(using: &random)!, day: day, weekday: weekday,
            years: years.randomElement(using: &random)!, gap: Bool.random(using: &random) ? .skip : .shift,
            overlap: [.first, .second, .both].randomElement(using: &random)!)
    }

    @Test(arguments: ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
    func `stepping through a year is the same as looking at every half minute of it`(zone name: String) throws {
        let zone = try #require(TestZones.catalog.zone(name))
        let start = try #require(Timestamp("2026-01-01T00:00:00Z")).seconds
        let year = start..<start + 365 * 86_400
        let readings = readings(year, zone)
        for seed in 0..<6 as Range<UInt64> {
            var random = SeededGenerator(seed: seed * 7_919 + UInt64(name.utf8.count))
            let model = model(&random)
            let expression = try CronExpression(model.text, dialect: model.dialect)
            let entry = CronEntry(expression, timeZone: name, gap: model.gap, overlap: model.overlap)
            let timing = CompiledTiming(Timing(when: [.cron(entry)]), zones: TestZones.catalog)
            let found = timing.stepped(through: year)
            let expected = model.occurrences(readings)
            let place = zip(found, expected).first { $0.0 != $0.1 }
            #expect(
                found.count == expected.count && place == nil,
                "\(model.text) \(model.dialect) \(model.gap) \(model.overlap), seed \(seed): \(found.count) and \(expected.count), first \(place.map { "\($0)" } ?? "the end")"
            )
        }
    }
}
