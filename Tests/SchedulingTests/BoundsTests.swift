import Model
import Testing

@testable import Scheduling

/// Every bound of every field, and one beyond it: what is accepted is stored, read again and shown as a document that is accepted
/// again; what is beyond is refused with its pointer.
@Suite struct BoundsTests {
    private static let identity = ScheduleIdentity(tenant: "acme", name: "retrain")
    private static let now = Timestamp("2026-06-01T12:00:00Z")!

    struct Bound: Sendable, CustomTestStringConvertible {
        /// Of the field.
        var pointer: String
        /// The members of the document beside those that every schedule has; replaces them where it has the same.
        var members: String
        var isGood: Bool
        var testDescription: String { "\(pointer) \(isGood ? "at" : "beyond") its bound: \(members.prefix(80))" }
    }

    private static func good(_ pointer: String, _ members: String...) -> [Bound] {
        members.map { Bound(pointer: pointer, members: $0, isGood: true) }
    }
    private static func bad(_ pointer: String, _ members: String...) -> [Bound] {
        members.map { Bound(pointer: pointer, members: $0, isGood: false) }
    }
    private static func http(_ members: String) -> String { #""action":{"http":{\#(members)}}"# }
    private static func when(_ entry: String) -> String { #""when":[\#(entry)]"# }
    private static func list(_ item: String, _ count: Int) -> String {
        Array(repeating: item, count: count).joined(separator: ",")
    }
    private static let url = "https://example.com/"
    private static func headers(_ count: Int) -> String {
        (0..<count).map { #""X-\#($0)":"1""# }.joined(separator: ",")
    }
    private static func text(_ count: Int) -> String { String(repeating: "a", count: count) }

    static let times: [Bound] =
        good(
            "/until", #""until":"9999-12-31T23:59:59.999Z""#, #""until":"9999-12-31T23:59:59.999999Z""#,
            #""until":"9999-12-31T18:59:59-05:00""#)
        + bad(
            "/until", #""until":"9999-12-31T23:59:59-05:00""#, #""until":"9999-12-31T23:59:60Z""#,
            #""until":"0000-01-01T00:00:00+01:00""#)
        + good(
            "/from", #""from":"0000-01-01T00:00:00Z""#, #""from":"0000-01-01T00:00:00.000001Z""#,
            #""from":"0000-01-01T01:00:00+01:00""#)
        + bad("/from", #""from":"0000-01-01T00:00:00+01:00""#, #""from":"9999-12-31T23:59:59-00:01""#)
        + good("/when/0/at", when(#"{"at":"9999-12-31T23:59:59.999Z"}"#))
        + bad("/when/0/at", when(#"{"at":"9999-12-31T23:59:59-05:00"}"#), when(#"{"at":"0000-01-01T00:00:00+01:00"}"#))
        + good(
            "/when/0/anchor", when(#"{"every":"1h","anchor":"0000-01-01T00:00:00Z"}"#),
            when(#"{"every":"1h","anchor":"9999-12-31T23:59:59.999Z"}"#))
        + bad(
            "/when/0/anchor", when(#"{"every":"1h","anchor":"0000-01-01T00:00:00+00:01"}"#),
            when(#"{"every":"1h","anchor":"9999-12-31T23:59:59-00:01"}"#))

    static let timing: [Bound] =
        good("/when/0/every", when(#"{"every":"1s"}"#), when(#"{"every":"3652d12h"}"#), when(#"{"every":"1001ms"}"#))
        + bad(
            "/when/0/every", when(#"{"every":"999ms"}"#), when(#"{"every":"3652d12h1ms"}"#),
            when(#"{"every":"1500500us"}"#))
        + good("/when", when(list(#"{"every":"1h"}"#, 100)), #""when":[{"every":"1h"}]"#)
        + bad("/when", when(list(#"{"every":"1h"}"#, 101)), #""when":[]"#)
        + good("/except", #""except":[\#(list(#"{"at":"2027-01-01T00:00:00Z"}"#, 100))]"#, #""except":[]"#)
        + bad("/except", #""except":[\#(list(#"{"at":"2027-01-01T00:00:00Z"}"#, 101))]"#)
        + good(
            "/when/0/cron", when(#"{"cron":"\#(list("1", 995)) * * * *"}"#), when(#"{"cron":"0 0 0 1 1 * 2070-2199"}"#),
            when(#"{"cron":"0 0 0 1 1 * 2077"}"#), when(#"{"cron":"0 0 0 1 1 * 2078"}"#),
            when(#"{"cron":"59 59 23 31 12 * 2199","timeZone":"Pacific/Kiritimati"}"#),
            when(#"{"cron":"59 23 31 12 7"}"#))
        + bad(
            "/when/0/cron", when(#"{"cron":"\#(list("1", 1_000)) * * * *"}"#), when(#"{"cron":"0 0 0 1 1 * 2200"}"#),
            when(#"{"cron":"60 23 31 12 7"}"#), when(#"{"cron":"59 24 31 12 7"}"#), when(#"{"cron":"59 23 32 12 7"}"#),
            when(#"{"cron":"59 23 31 13 7"}"#), when(#"{"cron":"59 23 31 12 8"}"#), when(#"{"cron":"59 23 0 12 7"}"#))
        + bad("/when/0/timeZone", when(#"{"cron":"0 0 * * *","timeZone":"\#(text(1_000_000))"}"#))
        + good(
            "/margin", #""margin":"0s""#, #""margin":"7d""#, #""margin":"0%""#, #""margin":"100%""#,
            #""margin":"0.01%""#)
        + bad(
            "/margin", #""margin":"7d1ms""#, #""margin":"100.01%""#, #""margin":"0.001%""#, #""margin":"1us""#,
            #""margin":"-1s""#)
        + good("/maxTriggers", #""maxTriggers":1"#, #""maxTriggers":9223372036854775807"#)
        + bad("/maxTriggers", #""maxTriggers":0"#, #""maxTriggers":9223372036854775808"#, #""maxTriggers":1.5"#)

    static let others: [Bound] =
        good("/retry/initial", #""retry":{"initial":"1ms"}"#, #""retry":{"initial":"1d"}"#)
        + bad("/retry/initial", #""retry":{"initial":"999us"}"#, #""retry":{"initial":"1d1ms"}"#)
        + good(
            "/retry/factor", #""retry":{"factor":1}"#, #""retry":{"factor":100}"#,
            #""retry":{"factor":1.0000000000000002}"#)
        + bad(
            "/retry/factor", #""retry":{"factor":0.9999}"#, #""retry":{"factor":100.001}"#, #""retry":{"factor":1e999}"#
        )
        + good("/retry/cap", #""retry":{"initial":"2s","cap":"2s"}"#, #""retry":{"cap":"1d"}"#)
        + bad("/retry/cap", #""retry":{"initial":"2s","cap":"1999ms"}"#, #""retry":{"cap":"1d1ms"}"#)
        + good("/retry/maxAttempts", #""retry":{"maxAttempts":1}"#, #""retry":{"maxAttempts":60}"#)
        + bad("/retry/maxAttempts", #""retry":{"maxAttempts":0}"#, #""retry":{"maxAttempts":61}"#)
        + good("/pauseAfter", #""pauseAfter":1"#, #""pauseAfter":1000"#)
        + bad("/pauseAfter", #""pauseAfter":0"#, #""pauseAfter":1001"#)
        + good(
            "/action/http/timeout", http(#""url":"\#(url)","timeout":"1ms""#), http(#""url":"\#(url)","timeout":"5m""#))
        + bad(
            "/action/http/timeout", http(#""url":"\#(url)","timeout":"999us""#),
            http(#""url":"\#(url)","timeout":"5m1ms""#))
        + good(
            "/action/http/url", http(#""url":"\#(url)\#(text(2_048 - url.utf8.count))""#),
            http(#""url":"http://a:65535""#))
        + bad(
            "/action/http/url", http(#""url":"\#(url)\#(text(2_049 - url.utf8.count))""#),
            http(#""url":"http://a:65536""#))
        + good("/action/http/headers", http(#""url":"\#(url)","headers":{\#(headers(50))}"#))
        + bad("/action/http/headers", http(#""url":"\#(url)","headers":{\#(headers(51))}"#))
        + good(
            "/action/http/headers/X", http(#""url":"\#(url)","headers":{"X":"\#(text(8_192))"}"#),
            http(#""url":"\#(url)","headers":{"\#(text(256))":"1"}"#))
        + bad("/action/http/headers/X", http(#""url":"\#(url)","headers":{"X":"\#(text(8_193))"}"#))
        + bad("/action/http/headers/\(text(257))", http(#""url":"\#(url)","headers":{"\#(text(257))":"1"}"#))
        + good("/action/http/body", http(#""url":"\#(url)","body":"\#(text(65_534))""#))
        + bad("/action/http/body", http(#""url":"\#(url)","body":"\#(text(65_535))""#))
        + good("/action/http/signing", http(#""url":"\#(url)","signing":"\#(text(63))""#))
        + bad(
            "/action/http/signing", http(#""url":"\#(url)","signing":"\#(text(64))""#),
            http(#""url":"\#(url)","signing":"""#))

    private func spec(_ document: JSON) throws -> ScheduleSpec {
        try ScheduleSpec(json: document, identity: Self.identity, zones: TestZones.catalog, now: Self.now)
    }

    @Test(arguments: times + timing + others) func `a bound is stored and read again, and one beyond it is refused`(
        bound: Bound
    ) throws {
        let given = try JSON(parsing: "{\(bound.members)}")
        let base: JSON = ["action": ["http": ["url": "https://example.com/"]], "when": [["every": "1h"]]]
        let document = JSON.object(base.members!.filter { given[$0.name] == nil } + given.members!)
        guard bound.isGood else {
            #expect {
                try spec(document)
            } throws: { error in
                (error as? FieldErrors)?.errors.map(\.pointer) == [bound.pointer]
            }
            return
        }
        let read = try spec(document)
        #expect(try Timing(decoding: read.timing.encode()) == read.timing)
        #expect(try ActionRecord(decoding: read.record.encoded) == read.record)
        let shown = try JSON(parsing: read.json().description)
        #expect(try spec(shown) == read)
        #expect(try spec(shown).json() == read.json())
        _ = read.timing.next(atOrAfter: Self.now, zones: TestZones.catalog)
    }

    @Test func `a time is written as the nearest that RFC 3339 has`() {
        let before = Timestamp("0000-01-01T00:00:00Z")!
        #expect(before == .earliest && "\(before - .milliseconds(1))" == "0000-01-01T00:00:00.000Z")
        #expect("\(Timestamp.distantFuture + .seconds(7 * 86_400))" == "9999-12-31T23:59:59.999Z")
        #expect("\(Timestamp.distantPast)" == "0000-01-01T00:00:00.000Z")
    }
}
