import Model
import Testing

@Suite struct TimeTextTests {
    @Test(arguments: [
        ("2026-03-29T01:00:00Z", "2026-03-29T01:00:00.000Z"), ("2026-03-29t01:00:00.5z", "2026-03-29T01:00:00.500Z"),
        ("2026-03-29 03:00:00+02:00", "2026-03-29T01:00:00.000Z"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        ("2026-01-01T00:00:00-05:30", "2026-01-01T05:30:00.000Z"), ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000Z"),
        ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00.000Z"), ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ]) func `a time is read in RFC 3339 and written in UTC with milliseconds`(text: String, written: String) {
        #expect(Timestamp(text)?.description == written)
    }

    @Test(arguments: [
        "", "2026-02-30T00:00:00Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2026-01-01T00:00:00", "2026-01-01", "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+0100",
        "2026-01-01T00:00:00Zx", "2026-1-1T00:00:00Z", "+026-01-01T00:00:00Z",
    ]) func `refuses what is no time`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `milliseconds are rounded towards the past, also before 1970`() {
        #expect(Timestamp(microseconds: -1).milliseconds == -1)
        #expect(Timestamp(microseconds: -1).seconds == -1)
        #expect(Timestamp(microseconds: 1_999).flooredToMillisecond == Timestamp(milliseconds: 1))
    }

    @Test(arguments: [
        ("500ms", 500_000), ("90s", 90_000_000), ("1h30m", 5_400_000_000), ("7d", 604_800_000_000),
        ("2w", 1_209_600_000_000), ("1.5h", 5_400_000_000), ("1m0.25s", 60_250_000), ("0s", 0), ("15us", 15),
        ("PT1H30M", 5_400_000_000), ("P7D", 604_800_000_000), ("P2W", 1_209_600_000_000), ("P1DT12H", 129_600_000_000),
        ("PT0.5S", 500_000),
    ]) func `a duration is read as people and as ISO 8601 write it`(text: String, microseconds: Int64) {
        let duration = Duration(text: text)
        #expect(duration?.microseconds == microseconds)
        #expect(duration.flatMap { Duration(text: $0.text) } == duration)
    }

    @Test(arguments: [
        "", "5", "s", "1x", "30m1h", "1h1h", "1.5h30m", "-5s", "1 h", "P", "PT", "P1Y", "P1M", "PT1H30", "1H", "P1DT",
        "99999999999999w", "1..5s", "1.s", ".5s",
    ]) func `refuses what is no duration`(text: String) {
        #expect(Duration(text: text) == nil)
    }

    @Test func `days and dates are each other's inverse for a thousand years`() {
        var date = CivilDate(year: 1_500, month: 1, day: 1)!
        let first = date.daysSinceEpoch
        for day in stride(from: first, to: first + 365_242, by: 1) {
            #expect(date.daysSinceEpoch == day)
            let next = CivilDate(daysSinceEpoch: day + 1)
            let isFollowing =
                next.day == date.day + 1 && next.month == date.month
                || next.day == 1 && date.day == CivilDate.days(inMonth: date.month, of: date.year)
            guard isFollowing, date < next, next.weekday == (date.weekday + 1) % 7 else {
                Issue.record("after \(date) comes \(next)")
                return
            }
            date = next
        }
        #expect(CivilDate(year: 2026, month: 11, day: 21)!.weekday == 6)
        #expect(CivilDate(year: 1900, month: 2, day: 29) == nil && CivilDate(year: 2000, month: 2, day: 29) != nil)
    }

    @Test func `an identifier is written as a UUID and read back, ordered by its time`() throws {
        var random = SystemRandomNumberGenerator()
        let time = try #require(Timestamp("2026-06-01T12:00:00.123Z"))
        let early = Identifier.v7(at: time, using: &random)
        let late = Identifier.v7(at: time + .milliseconds(1), using: &random)
        #expect(early < late && early.v7Time == time)
        #expect(Identifier(early.description) == early && Identifier(bytes: early.bytes) == early)
        let text = Array(early.description)
        #expect(text.count == 36 && text[14] == "7" && "89ab".contains(text[19]))
        #expect(
            Identifier(high: 0x0193_A5F0_7C1E_7ABC, low: 0x8DEF_0123_4567_89AB).description
                == "0193a5f0-7c1e-7abc-8def-0123456789ab")
        for wrong in [
            "", "0193a5f0-7c1e-7abc-8def-0123456789a", "0193a5f0-7c1e-7abc-8def-0123456789abc",
            "g193a5f0-7c1e-7abc-8def-0123456789ab",
        ] {
            #expect(Identifier(wrong) == nil)
        }
    }
}
