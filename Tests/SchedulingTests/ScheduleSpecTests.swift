import Model
import Testing

@testable import Scheduling

@Suite struct ScheduleSpecTests {
    let identity = ScheduleIdentity(tenant: "acme", name: "retrain")
    let now = Timestamp("2026-06-01T12:00:00Z")!

    private func spec(_ text: String, ignoring: Set<String> = []) throws -> ScheduleSpec {
        try ScheduleSpec(
            json: JSON(parsing: text), identity: identity, zones: TestZones.catalog, now: now, ignoring: ignoring)
    }
    private func spec(timing: String) throws -> ScheduleSpec {
        try spec(#"{"action": {"http": {"url": "https://example.com/hook"}}, \#(timing)}"#)
    }
    /// The pointers of a document's mistakes.
    private func mistakes(_ text: String) -> [String] {
        do throws(any Error) {
            _ = try spec(text)
            return []
        } catch {
            return (error as? FieldErrors)?.errors.map(\.pointer) ?? ["\(error)"]
        }
    }
    private func mistakes(timing: String) -> [String] {
        mistakes(#"{"action": {"http": {"url": "https://example.com/hook"}}, \#(timing)}"#)
    }

    @Test func `fills in every default, and reads its own document as the same schedule`() throws {
        let spec = try spec(timing: #""when": [{"every": "1h"}]"#)
        #expect(spec.timing.margin == .omitted && spec.timing.spread == .none && spec.timing.missed == .last)
        #expect(spec.retry == RetryPolicy() && spec.paused == nil)
        guard case .every(let every) = spec.timing.when[0] else { return #expect(Bool(false)) }
        #expect(every.anchor == Int64(identity.seed % 3_600_000))
        #expect(try self.spec(spec.json().description) == spec)
        #expect(spec.json()["paused"] == nil && spec.json(paused: true)["paused"] == true)
        #expect(spec.json()["retry"]?["factor"] == 2 && spec.json()["margin"] == .null)
    }

    @Test func `a full document survives reading and writing`() throws {
        let text = #"""
            {"action": {"http": {"method": "PUT", "url": "https://example.com/a?b=c", "headers": {"X-A": "1"},
             "body": {"n": 12345678901234567890, "x": 1.0}, "timeout": "1m30s"}},
             "when": [{"cron": "H 2 * * MON-FRI", "timeZone": "Europe/Berlin", "dst": {"gap": "skip", "overlap": "both"}},
                      {"every": "90s", "anchor": "2026-01-01T01:00:00+01:00"}, {"at": "2026-12-01T09:00:00+01:00"},
                      {"cron": "0 0 9 ? * 6#3", "dialect": "quartz"}],
             "except": [{"cron": "* * * 25 12 *"}], "margin": "12.05%", "spread": "hash", "missed": "all",
             "overlap": "allow", "retry": {"initial": "2s", "factor": 1.5, "cap": "1m", "maxAttempts": 3},
             "from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z", "maxTriggers": 7, "paused": true}
            """#
        let spec = try spec(text)
        #expect(spec.timing.margin == .share(1_205) && spec.timing.maxTriggers == 7 && spec.paused == true)
        #expect(try self.spec(spec.json(paused: true).description) == spec)
        #expect(spec.json()["action"]?["http"]?["body"]?.description == #"{"n":12345678901234567890,"x":1.0}"#)
        #expect(try Timing(decoding: spec.timing.encode()) == spec.timing)
    }

    @Test func `reports every mistake at once, each with its pointer`() {
        let pointers = mistakes(
            #"""
            {"action": {"http": {"url": "ftp://x", "retries": 1}}, "when": [{"every": "10ms"}, {"cron": "61 * * * *"},
             {"cron": "0 9 * * *", "timeZone": "Europe/Berln"}, {"at": "tomorrow"}, {}, {"every": "1h", "timeZone": "UTC"}],
             "except": [5], "margin": "8d", "missed": "some", "overlap": "both", "retry": {"factor": 0}, "maxTriggers": 0,
             "color": "red"}
            """#)
        #expect(
            Set(pointers) == [
                "/action/http/url", "/action/http/retries", "/when/0/every", "/when/1/cron", "/when/2/timeZone",
                "/when/3/at", "/when/4", "/when/5/timeZone", "/except/0", "/margin", "/missed", "/overlap",
                "/retry/factor", "/maxTriggers", "/color",
            ])
        #expect(mistakes("[]") == [""])
        #expect(Set(mistakes("{}")) == ["/action", "/when"])
        #expect(mistakes(#"{"action": {"flow": {"name": "churn"}}, "when": [{"every": "1h"}]}"#) == [])
        #expect(mistakes(#"{"action": {"flow": {}}, "when": [{"every": "1h"}]}"#) == ["/action/flow/name"])
        #expect(
            mistakes(#"{"action": {"flow": {"name": "a"}}, "when": [{"every": "1h"}], "overlap": {"queue": 2}}"#) == [])
    }

    @Test func `members of the call are let through only where they are named`() throws {
        let text = #"{"name": "a", "action": {"http": {"url": "http://h"}}, "when": [{"every": "1h"}]}"#
        #expect(mistakes(text) == ["/name"])
        #expect(throws: Never.self) { try spec(text, ignoring: ["name", "tenant"]) }
    }

    @Test func `a misspelt time zone is answered with the right one`() {
        #expect {
            try spec(timing: #""when": [{"cron": "0 9 * * *", "timeZone": "Europe/Berln"}]"#)
        } throws: { "\($0)".contains("did you mean Europe/Berlin") }
    }

    @Test(arguments: [
        (#""when": [{"cron": "0 0 30 2 *"}]"#, "/when/0/cron"),
        (#""when": [{"every": "1h"}, {"cron": "0 0 31 4,6 ? "}]"#, "/when/1/cron"),
        (#""when": [{"cron": "0 0 0 29 2 * 2027"}]"#, "/when/0/cron"),
        (#""when": [{"cron": "0 0 0 1 1 * 2020"}]"#, "/when"),
        (#""when": [{"every": "999ms"}]"#, "/when/0/every"),
        (#""when": [{"every": "3653d"}]"#, "/when/0/every"),
        (#""when": [{"every": "1500500us"}]"#, "/when/0/every"),
        (#""when": [{"at": "2026-05-01T00:00:00Z"}]"#, "/when/0/at"),
        (#""when": []"#, "/when"),
        (#""when": [{"every": "1h"}], "until": "2026-05-01T00:00:00Z""#, "/until"),
        (#""when": [{"cron": "0 0 1 1 *"}], "until": "2026-07-01T00:00:00Z""#, "/until"),
        (#""when": [{"at": "2026-07-01T00:00:00Z"}], "from": "2026-08-01T00:00:00Z""#, "/from"),
        (#""when": [{"every": "1h"}], "from": "2027-01-01T00:00:00Z", "until": "2026-12-01T00:00:00Z""#, "/until"),
        (#""when": [{"every": "1h"}], "except": [{"cron": "* * * * *"}]"#, "/except"),
        (#""when": [{"cron": "0 9 * * 1"}], "except": [{"cron": "* * * * MON"}]"#, "/except"),
        (#""when": [{"every": "1h"}], "spread": "load""#, "/spread"),
        (#""when": [{"every": "1h"}], "overlap": "skip""#, "/overlap"),
    ]) func `a schedule that would never run, or not as asked, is refused with the place`(
        timing: String, pointer: String
    ) {
        #expect(mistakes(timing: timing) == [pointer])
    }

    @Test func `an at of the last minute is taken, so that a client's now is not too late`() throws {
        let spec = try spec(timing: #""when": [{"at": "2026-06-01T11:59:30Z"}]"#)
        let first = spec.timing.justPassed(registeredAt: now, zones: TestZones.catalog)
        #expect(first == Timestamp("2026-06-01T11:59:30Z"))
        #expect(mistakes(timing: #""when": [{"at": "2026-06-01T11:58:30Z"}]"#) == ["/when/0/at"])
        #expect(mistakes(timing: #""missed": "skip", "when": [{"at": "2026-06-01T11:59:30Z"}]"#) == ["/when/0/at"])
    }

    @Test(arguments: [
        ("0 0 31 2 *", #"never fires: no date has day-of-month "31", month "2""#),
        ("0 0 0 29 FEB ? 2023", #"never fires: no date has day-of-month "29", month "FEB", year "2023""#),
    ]) func `an expression that names no date says which fields of it cannot meet`(text: String, detail: String) throws
    {
        let errors = #expect(throws: FieldErrors.self) { try spec(timing: #""when": [{"cron": "\#(text)"}]"#) }
        #expect(errors?.errors.map(\.detail) == [detail])
    }

    @Test func `of several the last at runs, nothing but an at does, and none that the replaced timing had`() throws {
        func passed(_ timing: String, replacing old: Timing? = nil) throws -> Timestamp? {
            // Read when it lay ahead.
            let text = #"{"action": {"http": {"url": "https://example.com/hook"}}, \#(timing)}"#
            let spec = try ScheduleSpec(
                json: JSON(parsing: text), identity: identity, zones: TestZones.catalog, now: now - .seconds(3_600))
            return spec.timing.justPassed(registeredAt: now, replacing: old, zones: TestZones.catalog)
        }
        let two = #"{"at": "2026-06-01T11:59:10Z"}, {"at": "2026-06-01T11:59:50Z"}"#
        #expect(try passed(#""when": [\#(two)]"#) == Timestamp("2026-06-01T11:59:50Z"))
        #expect(
            try passed(#""when": [\#(two)], "except": [{"at": "2026-06-01T11:59:50Z"}]"#)
                == Timestamp("2026-06-01T11:59:10Z"))
        #expect(try passed(#""when": [\#(two), {"at": "2027-06-01T11:59:50Z"}]"#) == nil)
        #expect(try passed(#""when": [{"every": "1s"}], "until": "2026-06-01T11:59:50Z""#) == nil)
        let old = try spec(timing: #""when": [{"every": "10s", "anchor": "2026-06-01T11:59:50Z"}]"#).timing
        #expect(try passed(#""when": [\#(two)]"#, replacing: old) == nil)
    }
}
