import Model
import Scheduling
import Testing

/// Bytes recorded from each format's first version. Every later version must go on reading them: rows and messages outlive the
/// code that wrote them.
@Suite struct RecordedFormatTests {
    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8.filter { $0 != 10 && $0 != 32 })
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
        }
    }
    static let spec = #"""
        {"action":{"http":{"method":"PUT","url":"https://example.com/a?b=c","headers":{"X-Key":"v"},"body":{"n":[1,2.50,"é"]},
        "timeout":"12s"}},"when":[{"every":"90s","anchor":"2026-01-01T00:00:00Z"},{"cron":"0 30 2 L * *","timeZone":"Europe/Berlin"},
        {"at":"2027-12-01T09:00:00+01:00"}],"except":[{"cron":"* * * 25 12 *"}],"margin":"25%","spread":"hash","missed":"all",
        "retry":{"initial":"2s","factor":3,"cap":"5m","maxAttempts":9},"until":"2030-01-01T00:00:00Z",
        "maxTriggers":1000}
        """#
    static let timing = """
        010300a0fe0a80a0d5edee66010c302033302032204c202a202a0201808080800404fe3f0001007f0000000d4575726f7065
        2f4265726c696e040280c0fa84b16a01010d2a202a202a203235203132202a06ffffffffffffffff0fffffffffffffffff0f
        ffffff0780208080801000007f000000035554430202882701020000018080b9c4d285dd0601d00f
        """
    static let action = """
        010101035055541968747470733a2f2f6578616d706c652e636f6d2f613f623d630105582d4b6579017601137b226e223a5b
        312c322e35302c22c3a9225d7d80ecb80b018092f401808080808080808440808c8d9e0212
        """
    static let message = """
        0101a1fd8846a67941acaf0b9c1611f72d02048080afa2dbffad068089a9a3dbffad0680fbe380dcffad060461636d650361
        2f6203010203
        """

    /// With `pauseAfter` 3.
    static let action2 = """
        0206010104504f53541568747470733a2f2f6578616d706c652e636f6d2f620000808ece1c0180897a808080808080808040
        808c8d9e0228
        """
    /// With `pauseAfter` 3, `onFailure` and a signed call.
    static let action3 = """
        0306220104504f53541568747470733a2f2f6578616d706c652e636f6d2f620000808ece1c0102035055541568747470733a
        2f2f6578616d706c652e636f6d2f610101411242656172657220247b7365637265742e747d01027b7d80ecb80b04686f6f6b
        0180897a808080808080808040808c8d9e0228
        """
    static let tenant = """
        01c00801bff2e6cc99b3e6cc9a01020161c038016240011201010104504f53541568747470733a2f2f6578616d706c652e63
        6f6d2f620000808ece1c
        """
    static let record = """
        0101bff2e6cc99b3e6cc9a01020161c038016240010101780201020101030180d1ca08
        """

    private static let signed = HTTPAction(
        method: "PUT", url: "https://example.com/a", headers: [.init(name: "A", value: "Bearer ${secret.t}")],
        body: [0x7b, 0x7d],
        timeout: .seconds(12), signing: "hook")
    private static let call = HTTPAction(url: "https://example.com/b")
    private static let settings = TenantSettings(
        weight: 2.5, maxRate: 0.1, targetRates: ["b": 2, "a": 7], maxSchedules: 9, isPaused: true, onFailure: call)

    private func read() throws -> ScheduleSpec {
        let identity = ScheduleIdentity(tenant: "acme", name: "a")
        return try ScheduleSpec(
            json: try JSON(parsing: RecordedFormatTests.spec), identity: identity, zones: TestZones.catalog,
            now: Timestamp(seconds: 1_790_000_000))
    }

    @Test func `a timing of version 1 is read`() throws {
        let timing = try Timing(decoding: RecordedFormatTests.bytes(RecordedFormatTests.timing))
        #expect(try timing == read().timing)
    }

    @Test func `an action record of version 1 is read`() throws {
        let spec = try read()
        let record = try ActionRecord(decoding: RecordedFormatTests.bytes(RecordedFormatTests.action))
        #expect(record == ActionRecord(action: spec.action, retry: spec.retry))
    }

    @Test func `action records of versions 2 and 3 are read, and written as they were`() throws {
        let plain = ActionRecord(action: .http(Self.call), retry: RetryPolicy(), pauseAfter: 3)
        let full = ActionRecord(
            action: .http(Self.signed), retry: RetryPolicy(), pauseAfter: 3, onFailure: Self.call)
        for (record, hex) in [(plain, Self.action2), (full, Self.action3)] {
            #expect(try ActionRecord(decoding: Self.bytes(hex)) == record)
            #expect(record.encoded == Self.bytes(hex))
        }
        #expect(ActionRecord.failurePolicy(of: plain.encoded) == FailurePolicy(pauseAfter: 3, hasCall: false))
        #expect(ActionRecord.failurePolicy(of: full.encoded) == FailurePolicy(pauseAfter: 3, hasCall: true))
        #expect(ActionRecord.failurePolicy(of: Self.bytes(Self.action)) == nil)
    }

    @Test func `a tenant's settings and record of version 1 are read, and written as they were`() throws {
        #expect(try TenantSettings(decoding: Self.bytes(Self.tenant)) == Self.settings)
        #expect(Self.settings.encoded == Self.bytes(Self.tenant))
        let secret = SealedSecret(current: [1, 2], previous: [3], previousUntil: Timestamp(seconds: 9))
        let record = TenantRecord(Self.settings, secrets: ["x": secret])
        #expect(try TenantRecord(decoding: Self.bytes(Self.record)) == record)
        #expect(record.encoded == Self.bytes(Self.record))
    }

    @Test func `a trigger message of version 1 is read`() throws {
        let message = try TriggerMessage(decoding: RecordedFormatTests.bytes(RecordedFormatTests.message))
        #expect(message.id == TriggerID("01a1fd88-46a6-7941-acaf-0b9c1611f72d") && message.kind == .manual)
        #expect(message.redrive == 2 && message.occurrence == Timestamp(seconds: 1_790_000_000))
        #expect(
            message.plannedAt == Timestamp(seconds: 1_790_000_001)
                && message.deadline == Timestamp(seconds: 1_790_000_099))
        #expect(message.tenant == "acme" && message.schedule.description == "a/b" && message.action == [1, 2, 3])
    }

    /// They wait in the queue of outcomes, and stand in the records of triggers for good.
    @Test func `outcomes and burials of version 1 are read, and written as they were`() {
        let id = TriggerID("01a1fd88-46a6-7941-acaf-0b9c1611f72d")!
        let full =
            "1\tdone\t\(id)\t2\t3\t5\t1790000000000123\t456\t503\t-7\ta\\tb\\\\c\t{\"x\":\\n1}\\0\n"
        let bare = "1\tdone\t\(id)\t0\t0\t4\t\t\t\t\t\t\n"
        let outcomes = [
            TriggerOutcome(
                id: id, redrive: 2, attempt: 3, state: .dead, startedAt: Timestamp(microseconds: 1_790_000_000_000_123),
                durationMilliseconds: 456, status: 503, latenessMilliseconds: -7, reason: "a\tb\\c",
                body: Array("{\"x\":\n1}\0".utf8)),
            TriggerOutcome(id: id, redrive: 0, attempt: 0, state: .expired),
        ]
        #expect(TriggerOutcome.parse(Array((full + bare).utf8)).outcomes == outcomes)
        #expect(outcomes.map { String(decoding: $0.line, as: UTF8.self) } == [full, bare])
        let buried = "1\tdead\t\(id)\t1\treceived 30 times without an outcome\n"
        #expect(
            TriggerOutcome.parse(Array(buried.utf8)).outcomes == [
                TriggerOutcome(
                    id: id, redrive: 1, attempt: 0, state: .dead, reason: "received 30 times without an outcome")
            ])
    }
}
