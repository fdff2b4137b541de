import Model
import Testing

@testable import Scheduling

@Suite struct OccurrenceTests {
    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(text)) }
    private func every(_ text: String, anchor: String = "2026-01-01T00:00:00Z") throws -> CalendarEntry {
        .every(Every(period: try #require(Duration(text: text)), anchor: try time(anchor)))
    }
    private func cron(_ text: String, _ zone: String = "UTC") throws -> CalendarEntry {
        .cron(CronEntry(try CronExpression(text), timeZone: zone))
    }
    private func upcoming(_ timing: Timing, after: String, _ count: Int) throws -> [String] {
        timing.upcoming(after: try time(after), count: count, zones: TestZones.catalog).map(\.description)
    }

    @Test func `every is elapsed time in both directions from its anchor`() throws {
        let timing = Timing(when: [try every("1h30m")])
        #expect(
            try upcoming(timing, after: "2026-01-01T00:00:00Z", 2) == [
                "2026-01-01T01:30:00.000Z", "2026-01-01T03:00:00.000Z",
            ])
        #expect(
            try upcoming(timing, after: "2025-12-31T22:29:59.999Z", 2)
                == ["2025-12-31T22:30:00.000Z", "2026-01-01T00:00:00.000Z"])
        #expect(
            try upcoming(
                Timing(when: [try every("90s", anchor: "1969-12-31T23:59:59.5Z")]), after: "1969-12-31T23:58:29.4Z", 2)
                == ["1969-12-31T23:58:29.500Z", "1969-12-31T23:59:59.500Z"])
    }

    @Test func `entries are united, and an occurrence that two name comes once`() throws {
        let timing = Timing(when: [try every("6h"), try cron("0 12,13 * * *"), .at(try time("2026-01-02T00:00:00Z"))])
        #expect(
            try upcoming(timing, after: "2026-01-01T06:00:00Z", 5) == [
                "2026-01-01T12:00:00.000Z", "2026-01-01T13:00:00.000Z", "2026-01-01T18:00:00.000Z",
                "2026-01-02T00:00:00.000Z", "2026-01-02T06:00:00.000Z",
            ])
    }

    @Test func `a day in except is excluded on the wall clock of its zone, to the millisecond`() throws {
        var timing = Timing(when: [try every("1h", anchor: "2026-01-01T00:59:59.999Z")])
        timing.except = [try cron("* * * 25 12 *", "Europe/Berlin")]
        #expect(
            try upcoming(timing, after: "2026-12-24T22:00:00Z", 2)
                == ["2026-12-24T22:59:59.999Z", "2026-12-25T23:59:59.999Z"])
    }

    @Test func `five fields in except exclude whole minutes, six the seconds they name`() throws {
        var timing = Timing(when: [try every("20s", anchor: "2026-01-01T00:00:10Z")])
        timing.except = [try cron("1 0 * * *")]
        #expect(
            try upcoming(timing, after: "2026-01-01T00:00:40Z", 2) == [
                "2026-01-01T00:00:50.000Z", "2026-01-01T00:02:10.000Z",
            ])
        timing.except = [try cron("10 1 0 * * *")]
        #expect(
            try upcoming(timing, after: "2026-01-01T00:00:40Z", 2) == [
                "2026-01-01T00:00:50.000Z", "2026-01-01T00:01:30.000Z",
            ])
    }

    @Test func `every and at in except exclude exact times`() throws {
        var timing = Timing(when: [try every("1h")])
        timing.except = [try every("3h"), .at(try time("2026-01-01T04:00:00Z"))]
        #expect(
            try upcoming(timing, after: "2026-01-01T00:00:00Z", 3)
                == ["2026-01-01T01:00:00.000Z", "2026-01-01T02:00:00.000Z", "2026-01-01T05:00:00.000Z"])
    }

    @Test func `from and until are both inside`() throws {
        let timing = Timing(
            when: [try every("1h")], from: try time("2026-02-01T05:00:00Z"), until: try time("2026-02-01T06:00:00Z"))
        #expect(
            try upcoming(timing, after: "2026-01-01T00:00:00Z", 9) == [
                "2026-02-01T05:00:00.000Z", "2026-02-01T06:00:00.000Z",
            ])
    }

    @Test func `exclusions that leave nothing end the search`() throws {
        for (when, except) in [
            (try every("1s"), try cron("* * * * * *")), (try every("1s"), try every("1s")),
            (try cron("* * * * * *"), try cron("* * * * *")), (try cron("0 9 * * *"), try cron("* 9 * * *")),
            (try every("1s"), try cron("* 0-59 * * * *")),
        ] {
            #expect(Timing(when: [when], except: [except]).next(after: .epoch, zones: TestZones.catalog) == nil)
        }
    }

    @Test func `a run is counted without looking at each occurrence`() throws {
        let year = try time("2026-01-01T00:00:00Z")..<time("2027-01-01T00:00:00Z")
        func count(_ entry: CalendarEntry, until: Timestamp? = nil) -> Int? {
            CompiledTiming(Timing(when: [entry], until: until), zones: TestZones.catalog)
                .run(from: year.lowerBound, before: year.upperBound)?.count
        }
        #expect(try count(every("1s")) == 31_536_000)
        #expect(try count(cron("* * * * * *", "Europe/Berlin")) == 31_536_000)
        #expect(try count(cron("* * * * *", "America/New_York")) == 525_600)
        #expect(try count(cron("30 2 * * *", "Europe/Berlin")) == 365)
        #expect(try count(every("1s"), until: time("2026-01-01T00:00:09Z")) == 10)
        #expect(try count(.at(time("2028-01-01T00:00:00Z"))) == nil)
    }

    @Test func `an unknown zone is said, not guessed`() throws {
        let timing = Timing(when: [try cron("0 9 * * *", "Mars/Olympus")])
        #expect(CompiledTiming(timing, zones: TestZones.catalog).missingZone == "Mars/Olympus")
    }
}
