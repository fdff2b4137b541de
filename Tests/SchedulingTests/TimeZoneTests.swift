import Glibc
import Model
import TestRandom
import Testing

@testable import Scheduling

@Suite(.serialized) struct TimeZoneTests {
    /// glibc reads the same files by its own code. `TZ` belongs to the process, so nothing else here may use it.
    @Test func `offsets of all zones from 1900 to 2600 are those of the C library`() throws {
        var random = SeededGenerator(seed: 7)
        try #require(TestZones.names.count > 300)
        let range: ClosedRange<Int64> = -2_208_988_800...19_880_899_200
        for name in TestZones.names where name != "Factory" {
            let zone = try #require(TestZones.catalog.zone(name), "\(name)")
            setenv("TZ", ":\(name)", 1)
            tzset()
            for _ in 0..<200 {
                var second = Int.random(in: Int(range.lowerBound)...Int(range.upperBound), using: &random)
                if Bool.random(using: &random) { second = Int.random(in: 0...4_102_444_800, using: &random) }
                var parts = tm()
                localtime_r(&second, &parts)
                let offset = zone.offset(at: Timestamp(seconds: Int64(second)))
                #expect(offset == parts.tm_gmtoff, "\(name) at \(second)")
            }
        }
        unsetenv("TZ")
        tzset()
    }

    @Test func `stretches of one offset lie next to each other`() throws {
        for name in ["Europe/Berlin", "Africa/Casablanca", "Australia/Lord_Howe", "Europe/Dublin", "America/Sao_Paulo"]
        {
            let zone = try #require(TestZones.catalog.zone(name))
            var segment = zone.segment(at: -3_000_000_000)
            var count = 0
            while segment.end < 30_000_000_000 {
                let next = zone.segment(at: segment.end)
                #expect(next.start == segment.end && next.previousOffset == segment.offset, "\(name) at \(segment.end)")
                #expect(next.offset == segment.nextOffset && next.offset != segment.offset, "\(name) at \(segment.end)")
                segment = next
                count += 1
                guard segment.end != .max else { break }
            }
            #expect(count > 20, "\(name)")
        }
    }

    @Test func `a reading of the clock comes once, never or twice`() throws {
        let berlin = try #require(TestZones.catalog.zone("Europe/Berlin"))
        func local(_ text: String) throws -> Int64 { try #require(Timestamp(text + "Z")).seconds }
        func time(_ text: String) throws -> Timestamp { try #require(Timestamp(text)) }
        #expect(try berlin.resolve(local: local("2026-03-29T01:59:59")) == .once(time("2026-03-29T00:59:59Z")))
        #expect(
            try berlin.resolve(local: local("2026-03-29T02:30:00")) == .never(transition: time("2026-03-29T01:00:00Z")))
        #expect(try berlin.resolve(local: local("2026-03-29T03:00:00")) == .once(time("2026-03-29T01:00:00Z")))
        #expect(
            try berlin.resolve(local: local("2026-10-25T02:00:00"))
                == .twice(first: time("2026-10-25T00:00:00Z"), second: time("2026-10-25T01:00:00Z")))
        #expect(try berlin.resolve(local: local("2026-10-25T03:00:00")) == .once(time("2026-10-25T02:00:00Z")))
        let apia = try #require(TestZones.catalog.zone("Pacific/Apia"))
        #expect(
            try apia.resolve(local: local("2011-12-30T12:00:00")) == .never(transition: time("2011-12-30T10:00:00Z")))
    }

    @Test(arguments: [
        "", "/etc/passwd", "../passwd", "Europe/../../passwd", "Europe//Berlin", "Europe/", "localtime", "posixrules",
        "right/Europe/Berlin", "Europe/Ber lin", "zone.tab", "Nowhere/Atlantis",
    ]) func `refuses what is no zone's name`(name: String) {
        #expect(TestZones.catalog.zone(name) == nil)
    }

    @Test(arguments: [
        ("Berlin", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("Europe/Berln", "Europe/Berlin"),
    ])
    func `suggests names that are near`(name: String, near: String) {
        #expect(TestZones.catalog.namesNear(name).first == near)
    }

    @Test func `a file cut short or damaged is refused and never crashes`() throws {
        let whole = try #require(TestZones.read("Europe/Berlin"))
        for length in 0..<whole.count - 1 {
            #expect(throws: TZifFile.Failure.self, "\(length) bytes") { try TZifFile(Array(whole[..<length])) }
        }
        var random = SeededGenerator(seed: 3)
        for _ in 0..<300 {
            var damaged = whole
            damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            if let zone = try? TimeZone(tzif: damaged) { _ = zone.offset(at: Timestamp(seconds: 1_800_000_000)) }
        }
    }

    @Test func `understands the rules that RFC 9636 adds to POSIX`() throws {
        #expect(PosixZoneRule("IST-2IDT,M3.4.4/26,M10.5.0".utf8)?.summer?.start.time == 93_600)
        #expect(PosixZoneRule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0".utf8)?.summer?.start.time == -3_600)
        #expect(PosixZoneRule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0".utf8)?.summer?.offset == 39_600)
        #expect(PosixZoneRule("EST5".utf8)?.standardOffset == -18_000)
        let leap = try #require(PosixZoneRule("AAA0BBB,J60,59/0".utf8)?.summer)
        // J60 is March 1st in every year; 59 is February 29th in a leap year.
        #expect(
            CivilDate(daysSinceEpoch: leap.start.day.daysSinceEpoch(in: 2_028))
                == CivilDate(year: 2_028, month: 3, day: 1))
        #expect(
            CivilDate(daysSinceEpoch: leap.end.day.daysSinceEpoch(in: 2_028))
                == CivilDate(year: 2_028, month: 2, day: 29))
        for text in [
            "", "A0", "CET-1CEST", "CET-1CEST,M13.1.0,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0,",
            "CET-1CEST,M3.5.0/168,M10.5.0",
        ] {
            #expect(PosixZoneRule(text.utf8) == nil, "\(text)")
        }
    }
}
