import Model
import Testing

@testable import Scheduling

@Suite struct CronCalendarTests {
    /// An expression, where it runs, after when, and the readings of the wall clock that must follow, in UTC.
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var zone = "UTC"
        var dialect = CronExpression.Dialect.unix
        var gap: CronEntry.Gap?
        var overlap: CronEntry.Overlap?
        var after: String
        var expected: [String]
        var testDescription: String { "\(text) in \(zone) after \(after)" }
    }

    static let calendars: [Case] = [
        Case(
            text: "30 2 * * *", after: "2026-01-31T02:30:00Z",
            expected: ["2026-02-01T02:30:00Z", "2026-02-02T02:30:00Z"]),
        // Leap days: 2096 is one, 2100 is none.
        Case(
            text: "0 0 29 2 *", after: "2026-01-01T00:00:00Z",
            expected: ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
        Case(text: "0 0 29 2 *", after: "2096-03-01T00:00:00Z", expected: ["2104-02-29T00:00:00Z"]),
        // Years, however far apart.
        Case(
            text: "0 0 0 1 1 * 2030,2099,2199", after: "2026-01-01T00:00:00Z",
            expected: ["2030-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "2199-01-01T00:00:00Z"]),
        Case(
            text: "0 0 0 29 2 * 2030,2096", after: "2026-01-01T00:00:00Z", expected: ["2096-02-29T00:00:00Z"]),
        Case(
            text: "59 59 23 31 12 * 2199", zone: "Pacific/Pago_Pago", after: "2026-01-01T00:00:00Z",
            expected: ["2200-01-01T10:59:59Z"]),
        Case(text: "0 0 30 2 *", after: "2026-01-01T00:00:00Z", expected: []),
        // August 2026 begins on a Saturday, November on a Sunday.
        Case(
            text: "0 9 1W * *", after: "2026-07-31T12:00:00Z",
            expected: ["2026-08-03T09:00:00Z", "2026-09-01T09:00:00Z"]),
        Case(
            text: "0 9 1W * *", after: "2026-10-31T12:00:00Z",
            expected: ["2026-11-02T09:00:00Z", "2026-12-01T09:00:00Z"]),
        Case(text: "0 9 15W * *", after: "2026-08-01T00:00:00Z", expected: ["2026-08-14T09:00:00Z"]),
        // May 31st 2026 is a Sunday; months without a 31st have no 31W.
        Case(
            text: "0 9 31W * *", after: "2026-04-01T00:00:00Z",
            expected: ["2026-05-29T09:00:00Z", "2026-07-31T09:00:00Z"]),
        Case(
            text: "0 9 L * *", after: "2028-02-01T00:00:00Z",
            expected: ["2028-02-29T09:00:00Z", "2028-03-31T09:00:00Z"]),
        Case(
            text: "0 9 L-3 * *", after: "2026-02-01T00:00:00Z",
            expected: ["2026-02-25T09:00:00Z", "2026-03-28T09:00:00Z"]),
        // March 28th 2026, three days before the last, is a Saturday.
        Case(
            text: "0 9 L-3W * *", after: "2026-02-01T00:00:00Z",
            expected: ["2026-02-25T09:00:00Z", "2026-03-27T09:00:00Z"]),
        Case(
            text: "0 9 L-30 * *", after: "2026-02-01T00:00:00Z",
            expected: ["2026-03-01T09:00:00Z", "2026-05-01T09:00:00Z"]),
        Case(
            text: "0 9 LW * *", after: "2026-05-01T00:00:00Z",
            expected: ["2026-05-29T09:00:00Z", "2026-06-30T09:00:00Z"]),
        // Saturdays: the third, and the fifth where there is one.
        Case(
            text: "0 9 * * 6#3", after: "2026-08-01T00:00:00Z",
            expected: ["2026-08-15T09:00:00Z", "2026-09-19T09:00:00Z"]),
        Case(
            text: "0 9 * * 6#5", after: "2026-08-01T00:00:00Z",
            expected: ["2026-08-29T09:00:00Z", "2026-10-31T09:00:00Z"]),
        Case(
            text: "0 0 9 ? * 6#3", dialect: .quartz, after: "2026-08-01T00:00:00Z",
            expected: ["2026-08-21T09:00:00Z"]),
        Case(
            text: "0 9 * * 6L", after: "2026-08-01T00:00:00Z",
            expected: ["2026-08-29T09:00:00Z", "2026-09-26T09:00:00Z"]),
        Case(
            text: "0 0 9 ? * 6L", dialect: .quartz, after: "2026-08-01T00:00:00Z",
            expected: ["2026-08-28T09:00:00Z"]),
        Case(text: "0 0 9 ? * L", dialect: .quartz, after: "2026-08-02T00:00:00Z", expected: ["2026-08-08T09:00:00Z"]),
        // A step starts again at the end of its field.
        Case(
            text: "*/7 * * * *", after: "2026-01-01T00:48:00Z",
            expected: ["2026-01-01T00:49:00Z", "2026-01-01T00:56:00Z", "2026-01-01T01:00:00Z", "2026-01-01T01:07:00Z"]),
        Case(
            text: "5/20 1 * * *", after: "2026-01-01T00:00:00Z",
            expected: ["2026-01-01T01:05:00Z", "2026-01-01T01:25:00Z", "2026-01-01T01:45:00Z", "2026-01-02T01:05:00Z"]),
        // Ranges wrap.
        Case(
            text: "0 22-2 * * *", after: "2026-01-01T21:00:00Z",
            expected: [
                "2026-01-01T22:00:00Z", "2026-01-01T23:00:00Z", "2026-01-02T00:00:00Z", "2026-01-02T01:00:00Z",
                "2026-01-02T02:00:00Z", "2026-01-02T22:00:00Z",
            ]),
        Case(
            text: "0 22-3/2 * * *", after: "2026-01-01T21:00:00Z",
            expected: ["2026-01-01T22:00:00Z", "2026-01-02T00:00:00Z", "2026-01-02T02:00:00Z", "2026-01-02T22:00:00Z"]),
        Case(
            text: "0 9 * * FRI-MON", after: "2026-01-07T00:00:00Z",
            expected: [
                "2026-01-09T09:00:00Z", "2026-01-10T09:00:00Z", "2026-01-11T09:00:00Z", "2026-01-12T09:00:00Z",
                "2026-01-16T09:00:00Z",
            ]),
        Case(
            text: "0 9 1 nov-feb *", after: "2026-01-07T00:00:00Z",
            expected: ["2026-02-01T09:00:00Z", "2026-11-01T09:00:00Z", "2026-12-01T09:00:00Z", "2027-01-01T09:00:00Z"]),
        Case(
            text: "0 9 * * 5-7", after: "2026-01-07T00:00:00Z",
            expected: ["2026-01-09T09:00:00Z", "2026-01-10T09:00:00Z", "2026-01-11T09:00:00Z", "2026-01-16T09:00:00Z"]),
        Case(
            text: "0 9 * * 7-2", after: "2026-01-07T00:00:00Z",
            expected: ["2026-01-11T09:00:00Z", "2026-01-12T09:00:00Z", "2026-01-13T09:00:00Z", "2026-01-18T09:00:00Z"]),
        Case(text: "0 9 * * 0", after: "2026-01-07T00:00:00Z", expected: ["2026-01-11T09:00:00Z"]),
        Case(text: "0 0 9 ? * 1", dialect: .quartz, after: "2026-01-07T00:00:00Z", expected: ["2026-01-11T09:00:00Z"]),
        Case(
            text: "0 0 9 ? * SAT-2", dialect: .quartz, after: "2026-01-07T00:00:00Z",
            expected: ["2026-01-10T09:00:00Z", "2026-01-11T09:00:00Z", "2026-01-12T09:00:00Z", "2026-01-17T09:00:00Z"]),
        // Either day where both are restricted; both where one begins with a star.
        Case(
            text: "0 9 13 * 5", after: "2026-02-01T00:00:00Z",
            expected: ["2026-02-06T09:00:00Z", "2026-02-13T09:00:00Z", "2026-02-20T09:00:00Z"]),
        Case(
            text: "0 9 */2 * 5", after: "2026-02-01T00:00:00Z",
            expected: ["2026-02-13T09:00:00Z", "2026-02-27T09:00:00Z"]),
        Case(
            text: "0 9 ? * 5", after: "2026-02-01T00:00:00Z",
            expected: ["2026-02-06T09:00:00Z", "2026-02-13T09:00:00Z"]),
        // Seconds and years.
        Case(
            text: "*/30 59 23 31 12 *", after: "2026-01-01T00:00:00Z",
            expected: ["2026-12-31T23:59:00Z", "2026-12-31T23:59:30Z", "2027-12-31T23:59:00Z"]),
        Case(
            text: "0 0 9 1 1 * 2030,2040", after: "2026-01-01T00:00:00Z",
            expected: ["2030-01-01T09:00:00Z", "2040-01-01T09:00:00Z"]),
        Case(text: "0 0 9 1 1 * 2030/40", after: "2031-01-01T00:00:00Z", expected: ["2070-01-01T09:00:00Z"]),
        Case(text: "@hourly", after: "2026-01-01T00:00:00Z", expected: ["2026-01-01T01:00:00Z"]),
        Case(text: "@daily", after: "2026-01-01T00:00:00Z", expected: ["2026-01-02T00:00:00Z"]),
        Case(text: "@midnight", after: "2026-01-01T00:00:00Z", expected: ["2026-01-02T00:00:00Z"]),
        Case(text: "@weekly", after: "2026-01-01T00:00:00Z", expected: ["2026-01-04T00:00:00Z"]),
        Case(text: "@weekly", dialect: .quartz, after: "2026-01-01T00:00:00Z", expected: ["2026-01-04T00:00:00Z"]),
        Case(text: "@monthly", after: "2026-01-01T00:00:00Z", expected: ["2026-02-01T00:00:00Z"]),
        Case(text: "@Yearly", after: "2026-01-01T00:00:00Z", expected: ["2027-01-01T00:00:00Z"]),
        Case(text: "@annually", dialect: .quartz, after: "2026-01-01T00:00:00Z", expected: ["2027-01-01T00:00:00Z"]),
    ]

    static let changesOfTheClocks: [Case] = [
        // Berlin 2026: 02:00 becomes 03:00 on March 29th at 01:00Z; 03:00 becomes 02:00 on October 25th at 01:00Z.
        Case(
            text: "30 2 * * *", zone: "Europe/Berlin", after: "2026-03-27T12:00:00Z",
            expected: ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
        Case(
            text: "30 2 * * *", zone: "Europe/Berlin", gap: .skip, after: "2026-03-27T12:00:00Z",
            expected: ["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"]),
        // Two readings in one gap, and one right after it, are one occurrence.
        Case(
            text: "10,40 2,3 * * *", zone: "Europe/Berlin", after: "2026-03-29T00:00:00Z",
            expected: ["2026-03-29T01:00:00Z", "2026-03-29T01:10:00Z", "2026-03-29T01:40:00Z", "2026-03-30T00:10:00Z"]),
        Case(
            text: "0 2,3 * * *", zone: "Europe/Berlin", after: "2026-03-29T00:00:00Z",
            expected: ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z", "2026-03-30T01:00:00Z"]),
        Case(
            text: "30 2 * * *", zone: "Europe/Berlin", after: "2026-10-24T12:00:00Z",
            expected: ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
        Case(
            text: "30 2 * * *", zone: "Europe/Berlin", overlap: .second, after: "2026-10-24T12:00:00Z",
            expected: ["2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"]),
        Case(
            text: "30 2 * * *", zone: "Europe/Berlin", overlap: .both, after: "2026-10-24T12:00:00Z",
            expected: ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"]),
        // Wildcards run by elapsed time.
        Case(
            text: "0 * * * *", zone: "Europe/Berlin", after: "2026-10-24T23:30:00Z",
            expected: ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"]),
        Case(
            text: "*/30 * * * *", zone: "Europe/Berlin", after: "2026-10-25T00:15:00Z",
            expected: ["2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"]),
        Case(
            text: "*/30 * * * *", zone: "Europe/Berlin", after: "2026-03-29T00:15:00Z",
            expected: ["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"]),
        Case(
            text: "30 */2 * * *", zone: "Europe/Berlin", after: "2026-03-28T23:00:00Z",
            expected: ["2026-03-28T23:30:00Z", "2026-03-29T02:30:00Z"]),
        // New York 2026: gap on March 8th at 07:00Z, overlap on November 1st at 06:00Z.
        Case(
            text: "30 2 * * *", zone: "America/New_York", after: "2026-03-07T12:00:00Z",
            expected: ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]),
        Case(
            text: "30 1 * * *", zone: "America/New_York", after: "2026-10-31T12:00:00Z",
            expected: ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]),
        // Lord Howe 2026: half an hour. 01:30 to 02:00 comes twice on April 5th; 02:00 to 02:30 never on October 4th.
        Case(
            text: "45 1 * * *", zone: "Australia/Lord_Howe", overlap: .both, after: "2026-04-04T12:00:00Z",
            expected: ["2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z", "2026-04-05T15:15:00Z"]),
        Case(
            text: "45 1 * * *", zone: "Australia/Lord_Howe", after: "2026-04-04T12:00:00Z",
            expected: ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]),
        Case(
            text: "15 2 * * *", zone: "Australia/Lord_Howe", after: "2026-10-03T12:00:00Z",
            expected: ["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"]),
        Case(
            text: "29 1 * * *", zone: "Australia/Lord_Howe", overlap: .both, after: "2026-04-04T12:00:00Z",
            expected: ["2026-04-04T14:29:00Z", "2026-04-05T14:59:00Z"]),
        // Casablanca 2026: an hour back for Ramadan on February 15th at 02:00Z, forward on March 22nd at 02:00Z.
        Case(
            text: "30 2 * * *", zone: "Africa/Casablanca", after: "2026-02-14T12:00:00Z",
            expected: ["2026-02-15T01:30:00Z", "2026-02-16T02:30:00Z"]),
        Case(
            text: "30 2 * * *", zone: "Africa/Casablanca", after: "2026-03-21T12:00:00Z",
            expected: ["2026-03-22T02:00:00Z", "2026-03-23T01:30:00Z"]),
        // Apia had no December 30th 2011.
        Case(
            text: "0 9 * * *", zone: "Pacific/Apia", after: "2011-12-29T00:00:00Z",
            expected: ["2011-12-29T19:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T19:00:00Z"]),
        Case(
            text: "0 9 * * *", zone: "Pacific/Apia", gap: .skip, after: "2011-12-29T00:00:00Z",
            expected: ["2011-12-29T19:00:00Z", "2011-12-30T19:00:00Z"]),
        Case(
            text: "0 9 30 12 *", zone: "Pacific/Apia", gap: .skip, after: "2011-01-01T00:00:00Z",
            expected: ["2012-12-29T19:00:00Z"]),
    ]

    @Test(arguments: calendars + changesOfTheClocks)
    func `an expression names these times`(_ example: Case) throws {
        let expression = try CronExpression(example.text, dialect: example.dialect)
        let entry = CronEntry(expression, timeZone: example.zone, gap: example.gap, overlap: example.overlap)
        let after = try #require(Timestamp(example.after))
        let count = max(example.expected.count, 1)
        let found = Timing(when: [.cron(entry)]).upcoming(after: after, count: count, zones: TestZones.catalog)
        #expect(found == example.expected.compactMap { Timestamp($0) })
    }

    @Test func `H is the schedule's own value, always the same and inside its range`() throws {
        var minutes: Set<UInt64> = []
        for seed in 0..<200 as Range<UInt64> {
            let own = try CronExpression("H H(9-17) H * *", seed: seed)
            #expect(own == (try CronExpression("H H(9-17) H * *", seed: seed)))
            #expect(own.minutes.nonzeroBitCount == 1 && own.hours.nonzeroBitCount == 1)
            #expect((9...17).contains(own.hours.trailingZeroBitCount))
            #expect((1...28).contains(own.days.monthDays.trailingZeroBitCount))
            minutes.insert(own.minutes)
            let quarter = try CronExpression("H/15 * * * *", seed: seed)
            #expect(quarter.minutes.nonzeroBitCount == 4 && quarter.minutes.trailingZeroBitCount < 15)
            let some = try CronExpression("H(0-29)/10 * * * *", seed: seed)
            #expect(some.minutes.nonzeroBitCount == 3 && some.minutes.leadingZeroBitCount >= 34)
        }
        #expect(minutes.count > 50)
    }
}
