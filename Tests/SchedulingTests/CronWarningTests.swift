import Model
import Testing

@testable import Scheduling

/// Expressions as crontabs, cronie and Quartz have them, and what is said of those that may be mistakes.
@Suite struct CronWarningTests {
    let now = Timestamp("2026-06-01T12:00:00Z")!

    private func times(
        _ text: String, _ dialect: CronExpression.Dialect = .unix, zone: String = "UTC", count: Int = 3
    ) throws -> [String] {
        let entry = CronEntry(try CronExpression(text, dialect: dialect, seed: 7), timeZone: zone)
        return Timing(when: [.cron(entry)]).upcoming(after: now, count: count, zones: TestZones.catalog)
            .map { String($0.description.prefix(16)) }
    }

    private func warnings(
        _ text: String, _ dialect: CronExpression.Dialect = .unix, zone: String = "UTC", gap: CronEntry.Gap? = nil
    ) throws -> [String] {
        let entry = CronEntry(try CronExpression(text, dialect: dialect), timeZone: zone, gap: gap)
        return Timing(when: [.cron(entry)]).warnings(zones: TestZones.catalog, now: now).map(\.detail)
    }

    /// Each is the same as the expression beside it.
    @Test(arguments: [
        ("*/60 * * * *", "0 * * * *"), ("*/90 * * * *", "0 * * * *"), ("0 */24 * * *", "0 0 * * *"),
        ("0 0 * * */10", "0 0 * * 0"), ("0 0 */31 * *", "0 0 1 * *"), ("0 0 1 */13 *", "0 0 1 1 *"),
        ("30/45 * * * *", "30 * * * *"), ("10-20/11 * * * *", "10 * * * *"), ("0\t5\t*\t*\t1", "0 5 * * 1"),
        ("  0   5 * *\t\t1  ", "0 5 * * 1"), ("0 5 * * 1\n", "0 5 * * 1"), ("*/999999999999 * * * *", "0 * * * *"),
        ("0 0 * * 5-7", "0 0 * * 5,6,0"), ("00 08 * jan mon", "0 8 * 1 1"), ("5~15 * * * *", "H(5-15) * * * *"),
        ("~ 3 * * *", "H(0-59) 3 * * *"), ("50~ * * * *", "H(50-59) * * * *"), ("~10 * * * *", "H(0-10) * * * *"),
    ]) func `what crontabs have is read as they mean it`(text: String, same: String) throws {
        #expect(try times(text) == times(same))
    }

    @Test(arguments: [
        ("0 /15 * * * ?", "0 */15 * * * ?"), ("0 0/60 * * * ?", "0 0 * * * ?"), ("0\t0 12 ? * WED", "0 0 12 ? * 4"),
    ])
    func `and what Quartz has, too`(text: String, same: String) throws {
        #expect(try times(text, .quartz) == times(same, .quartz))
    }

    @Test(arguments: [
        ("*/60 * * * *", #"minute "*/60": the step reaches past the end"#), ("0 */24 * * *", #"hour "*/24""#),
        ("0 0 * * */10", #"day-of-week "*/10""#), ("0 9-11/5 * * *", #"hour "9-11/5""#),
        ("*/7 * * * *", "7 does not divide the field: from 56 on it is 4 to the next one"),
        ("5/25 * * * *", "from 55 on it is 10"), ("0 */5 * * *", "from 20 on it is 4"),
        ("0 0 */2 * *", "it begins anew in each month"), ("0 0 1 */5 *", "from 11 on it is 2"),
        ("0 0 * * */2", "from 6 on it is 1"), ("1,*/7 * * * *", #"minute "*/7""#),
        ("0 0 1 * 1", "are both restricted"), ("0\t0 13 * FRI", "are both restricted"),
    ]) func `what may be a mistake is warned of`(text: String, warning: String) throws {
        let warnings = try warnings(text)
        #expect(warnings.count == 1 && warnings[0].contains(warning), "\(warnings)")
    }

    @Test(arguments: [
        "*/15 * * * *", "0 */6 * * *", "5/15 * * * *", "0 9-17/3 * * *", "0-30/7 * * * *", "H/7 * * * *", "0 0 * * 1",
        "0 0 1 * *",
        "0 0 */2 * 1-5".replacing("*/2", with: "*"), "@daily", "0 0 1 */3 *", "1~30 * * * *", "0 0 0 1 1 * 2030/7",
    ]) func `what does what it seems to do is not`(text: String) throws {
        #expect(try warnings(text) == [])
    }

    @Test func `a time of day that the clocks skip is warned of, with the day and what happens then`() throws {
        let shifted = try warnings("30 2 * * *", zone: "Europe/Berlin")
        #expect(shifted.count == 1)
        #expect(shifted[0].contains("in Europe/Berlin there is no 02:30 on 2027-03-28: it runs at 03:00 then"))
        #expect(try warnings("30 2 * * *", zone: "Europe/Berlin", gap: .skip)[0].contains("it does not run then"))
        #expect(try warnings("*/15 2 * * *", zone: "Europe/Berlin").count == 1)
        // Every hour, another hour, a day that is none of these, a zone without summer time.
        for text in ["30 * * * *", "30 3 * * *", "30 2 1 * *", "30 2 * * 1"] {
            #expect(try warnings(text, zone: "Europe/Berlin") == [], "\(text)")
        }
        #expect(try warnings("30 2 * * *", zone: "Asia/Tokyo") == [])
    }
}
