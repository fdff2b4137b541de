import Testing

@testable import LambdaFunction

/// How the time of an invocation is spent.
@Suite struct InvocationTimesTests {
    @Test(arguments: [
        // Left, calls end, answered at, in milliseconds.
        (30_000, 28_000, 29_500), (900_000, 898_000, 899_500), (4_000, 2_000, 3_500), (3_000, 1_500, 2_625),
        (1_000, 500, 875), (0, 0, 0), (-5_000, 0, 0),
    ])
    func `calls end 2 s before the deadline, of a short time at half, and the answer is later`(
        left: Int, callsEnd: Int, end: Int
    ) {
        let times = InvocationTimes(now: .seconds(100), left: .milliseconds(left))
        #expect(times.callsEnd == .seconds(100) + .milliseconds(callsEnd))
        #expect(times.end == .seconds(100) + .milliseconds(end))
    }

    @Test(arguments: [
        // Since the start, wanted, given, in seconds, of 28 in which calls may be made.
        (0, 10, 10.0), (0, 28, 28), (17, 10, 10), (18, 10, 10), (19, 10, nil), (28, 0, 0), (29, 0, nil),
        // Longer than any invocation: begun in the first fifth, and cut before it would be aborted.
        (0, 60, 27.5), (5, 60, 22.5), (6, 60, nil), (27, 60, nil),
    ])
    func `a call has the time that it wants, is cut if no invocation has it, or waits for another`(
        since: Int, wanted: Int, given: Double?
    ) {
        let times = InvocationTimes(now: .seconds(100), left: .seconds(30))
        #expect(
            times.callTime(.seconds(wanted), now: .seconds(100 + since)) == given.map { Duration.seconds($0) })
    }
}
