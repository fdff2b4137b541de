import Model
import Testing

@Suite struct TriggerOutcomeTests {
    private static let id = TriggerID("01a1fd88-46a6-7941-acaf-0b9c1611f72d")!

    @Test func `a line reads back, with every byte of the answer`() throws {
        var outcome = TriggerOutcome(id: TriggerOutcomeTests.id, redrive: 2, attempt: 7, state: .queued)
        outcome.startedAt = Timestamp(microseconds: 1_790_000_000_123_456)
        (outcome.durationMilliseconds, outcome.status, outcome.latenessMilliseconds) = (12, 503, -3)
        outcome.reason = "tab\t line\n back\\ nul\0 é"
        outcome.body = (0...255).map { UInt8($0) }
        let plain = TriggerOutcome(id: TriggerOutcomeTests.id, redrive: 0, attempt: 0, state: .expired)
        let parsed = TriggerOutcome.parse(outcome.line + plain.line)
        #expect(parsed.unknown == 0 && parsed.outcomes == [outcome, plain])
    }

    @Test(arguments: [
        "", "2\tdone", "1\tdone\tx\t0\t1\t2\t\t\t\t\t\t",
        "1\tdone\t01a1fd88-46a6-7941-acaf-0b9c1611f72d\t99999\t1\t2\t\t\t\t\t\t",
        "1\tdone\t01a1fd88-46a6-7941-acaf-0b9c1611f72d\t0\t9999999999\t2\t\t\t\t\t\t",
        "1\tdone\t01a1fd88-46a6-7941-acaf-0b9c1611f72d\t0\t1\t99\t\t\t\t\t\t",
        "1\tgone\t01a1fd88-46a6-7941-acaf-0b9c1611f72d\t0\tx",
    ]) func `a line with other fields, or values that no column holds, is not understood`(line: String) {
        #expect(TriggerOutcome(line: Array(line.utf8)[...]) == nil)
    }

    @Test func `lateness that no column holds is the greatest that one does`() {
        var outcome = TriggerOutcome(id: TriggerOutcomeTests.id, redrive: 0, attempt: 1, state: .delivered)
        outcome.latenessMilliseconds = 40 * 86_400_000
        #expect(TriggerOutcome.parse(outcome.line).outcomes.first?.latenessMilliseconds == Int(Int32.max))
    }

    @Test func `a burial notice of a queue is an outcome`() {
        let line = "1\tdead\t\(TriggerOutcomeTests.id)\t3\treceived 30 times without an outcome\n"
        let outcome = TriggerOutcome.parse(Array(line.utf8)).outcomes.first
        #expect(outcome?.state == .dead && outcome?.attempt == 0 && outcome?.redrive == 3)
    }
}
