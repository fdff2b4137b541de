import Lambda
import Model
import Testing

/// The life of an execution environment, on times that the test sets.
@Suite struct RuntimeMachineTests {
    private static let start = Timestamp(seconds: 1_790_000_000)
    private static let first = invocation("first")

    private static func invocation(_ id: String, timeout: Duration = .seconds(3)) -> Invocation {
        Invocation(id: id, payload: Array("{}".utf8), functionARN: "arn:f", timeout: timeout, traceID: "Root=1")
    }

    /// An environment, and what it did at each event.
    private struct Rig {
        var machine: RuntimeMachine
        var now = RuntimeMachineTests.start

        init(_ configuration: RuntimeMachine.Configuration = .init()) { machine = RuntimeMachine(configuration) }

        @discardableResult
        mutating func after(_ time: Duration, _ event: RuntimeMachine.Event) -> [RuntimeMachine.Action] {
            now = now + time
            return machine.handle(event, now: now)
        }

        @discardableResult
        mutating func after(_ event: RuntimeMachine.Event) -> [RuntimeMachine.Action] { after(.zero, event) }

        /// What it answers to a call, as a status.
        mutating func status(_ event: RuntimeMachine.Event) -> Int? {
            for case .answer(_, let answer) in after(event) { return answer.status }
            return nil
        }
    }

    /// The states that a call can find.
    enum State: CaseIterable {
        case starting, idle, busy, answered, expecting, ending, ended
    }

    private static func rig(in state: State) -> Rig {
        var rig = Rig()
        rig.after(.invoke(first))
        if state == .starting { return rig }
        rig.after(.next(call: 1))
        if state == .busy { return rig }
        if state == .ending || state == .ended {
            rig.after(.seconds(3), .timePassed)
            if state == .ended { rig.after(.exited(.killed(signal: 9))) }
            return rig
        }
        rig.after(.response(call: 2, id: "first", [1]))
        if state == .expecting { rig.after(.invoke(invocation("second"))) }
        if state == .idle { rig.after(.next(call: 3)) }
        return rig
    }

    private static func lines(_ actions: [RuntimeMachine.Action]) -> [String] {
        actions.compactMap { if case .log(let line) = $0 { line } else { nil } }
    }

    private static func result(_ actions: [RuntimeMachine.Action]) -> String? {
        for case .finish(let result) in actions {
            return (result.isFailure ? "failure " : "") + String(decoding: result.payload, as: UTF8.self)
        }
        return nil
    }

    /// Nil: the call waits for work.
    static let table: [(State, next: Int?, response: Int, wrongID: Int, startError: Int)] = [
        (.starting, 200, 400, 400, 202),
        (.idle, nil, 403, 400, 403),
        (.busy, 403, 202, 400, 403),
        (.answered, nil, 403, 400, 403),
        (.expecting, 200, 403, 400, 403),
        (.ending, 403, 403, 400, 403),
        (.ended, 403, 403, 400, 403),
    ]

    @Test(arguments: table)
    func `every call in every state is answered as Lambda does`(
        state: State, next: Int?, response: Int, wrongID: Int, startError: Int
    ) {
        func status(_ event: RuntimeMachine.Event) -> Int? {
            var rig = RuntimeMachineTests.rig(in: state)
            for case .answer(9, let answer) in rig.after(event) { return answer.status }
            return nil
        }
        #expect(status(.next(call: 9)) == next)
        #expect(status(.response(call: 9, id: "first", [])) == response)
        #expect(status(.error(call: 9, id: "first", [])) == response)
        #expect(status(.responseFailed(call: 9, id: "first", type: "T", message: "")) == response)
        #expect(status(.responseIsTooLong(call: 9, id: "first")) == (response == 202 ? 413 : response))
        #expect(status(.response(call: 9, id: "other", [])) == wrongID)
        #expect(status(.error(call: 9, id: "other", [])) == wrongID)
        #expect(status(.startError(call: 9, [])) == startError)
    }

    @Test func `the table has every state`() {
        #expect(Set(RuntimeMachineTests.table.map(\.0)) == Set(State.allCases))
    }

    @Test func `an invocation starts a process, is given to it, answered and reported`() {
        var rig = Rig()
        #expect(rig.after(.invoke(RuntimeMachineTests.first)) == [.start])
        #expect(
            rig.after(.milliseconds(120), .next(call: 1)) == [
                .log("START RequestId: first Version: $LATEST"),
                .answer(call: 1, .invocation(RuntimeMachineTests.first, deadline: rig.now + .seconds(3))),
            ])
        rig.after(.memoryUsed(30 << 20))
        let done = rig.after(.microseconds(1_234), .response(call: 2, id: "first", Array("no JSON".utf8)))
        #expect(
            done == [
                .answer(call: 2, .accepted), .log("END RequestId: first"),
                .log(
                    "REPORT RequestId: first\tDuration: 1.23 ms\tBilled Duration: 122 ms\tMemory Size: 128 MB\t"
                        + "Max Memory Used: 30 MB\tInit Duration: 120.00 ms\t"),
                .finish(InvocationResult(payload: Array("no JSON".utf8), isFailure: false)),
            ])
        #expect(rig.machine.isAvailable)
        // Warm: no start, and no initialization in the report.
        #expect(rig.after(.next(call: 3)).isEmpty)
        #expect(rig.after(.invoke(RuntimeMachineTests.invocation("second"))).count == 2)
        let again = rig.after(.response(call: 4, id: "second", []))
        #expect(!RuntimeMachineTests.lines(again).contains { $0.contains("Init Duration") })
    }

    @Test func `an invocation that comes before the runtime asks again waits for it`() {
        var rig = RuntimeMachineTests.rig(in: .answered)
        #expect(rig.machine.isAvailable)
        #expect(rig.after(.invoke(RuntimeMachineTests.invocation("second"))).isEmpty)
        #expect(!rig.machine.isAvailable)
        let given = rig.after(.milliseconds(10), .next(call: 5))
        #expect(
            given.last
                == .answer(
                    call: 5, .invocation(RuntimeMachineTests.invocation("second"), deadline: rig.now + .seconds(3))))
    }

    @Test func `a runtime that ends before it asks again is replaced for the invocation that waits`() {
        var rig = RuntimeMachineTests.rig(in: .expecting)
        #expect(rig.after(.exited(.exited(0))) == [.start])
        #expect(RuntimeMachineTests.result(rig.after(.next(call: 6))) == nil)
        #expect(RuntimeMachineTests.result(rig.after(.response(call: 7, id: "second", [50]))) == "2")
    }

    @Test func `a runtime that does not ask again in the time of what it answered is killed and replaced`() {
        var rig = RuntimeMachineTests.rig(in: .expecting)
        #expect(rig.after(.seconds(3), .timePassed) == [.kill])
        #expect(rig.after(.exited(.killed(signal: 9))) == [.start])
    }

    @Test func `what takes longer than its time is killed and answered as Lambda does`() {
        var rig = RuntimeMachineTests.rig(in: .busy)
        #expect(rig.after(.milliseconds(2_999), .timePassed).isEmpty)
        let actions = rig.after(.milliseconds(1), .timePassed)
        #expect(actions.last == .kill)
        #expect(
            RuntimeMachineTests.result(actions)
                == #"failure {"errorType":"Sandbox.Timedout","errorMessage":"RequestId: first Error: Task timed out after 3.00 seconds"}"#
        )
        #expect(RuntimeMachineTests.lines(actions)[0].hasSuffix(" first Task timed out after 3.00 seconds"))
        #expect(rig.after(.response(call: 8, id: "first", [])) == [.answer(call: 8, .outOfTurn)])
        #expect(rig.after(.exited(.killed(signal: 9))) == [.end])
    }

    @Test(arguments: [
        (RuntimeExit.exited(3), "Runtime exited with error: exit status 3"),
        (.exited(0), "Runtime exited without providing a reason"),
        (.killed(signal: 11), "Runtime exited with error: signal: segmentation fault"),
    ])
    func `a crash fails the invocation with the reason`(exit: RuntimeExit, text: String) {
        var rig = RuntimeMachineTests.rig(in: .busy)
        let actions = rig.after(.exited(exit))
        #expect(
            RuntimeMachineTests.result(actions)
                == #"failure {"errorType":"Runtime.ExitError","errorMessage":"RequestId: first Error: \#(text)"}"#)
        #expect(actions.last == .end && !rig.machine.isAvailable)
    }

    @Test func `more memory than the function has ends it`() {
        var rig = RuntimeMachineTests.rig(in: .busy)
        #expect(rig.after(.memoryUsed(128 << 20)).isEmpty)
        let actions = rig.after(.memoryUsed(128 << 20 + 4_096))
        #expect(RuntimeMachineTests.result(actions)?.contains("signal: killed") == true && actions.last == .kill)
        #expect(RuntimeMachineTests.lines(actions).contains { $0.contains("Max Memory Used: 129 MB") })
    }

    @Test func `row 42: a start that fails is repeated once within the time of the invocation`() {
        for event in [RuntimeMachine.Event.exited(.exited(1)), .startError(call: 1, [52]), .timePassed] {
            var rig = Rig()
            rig.after(.invoke(RuntimeMachineTests.first))
            var actions = rig.after(.seconds(10), event)
            if actions.last == .kill { actions = rig.after(.exited(.killed(signal: 9))) }
            #expect(actions.last == .start, "\(event)")
            #expect(rig.machine.deadline == rig.now + .seconds(3))
            // The second one works.
            var lucky = rig
            lucky.after(.seconds(1), .next(call: 2))
            #expect(lucky.machine.deadline == rig.now + .seconds(3))
            let done = lucky.after(.seconds(1), .response(call: 3, id: "first", [49]))
            #expect(RuntimeMachineTests.result(done) == "1")
            #expect(RuntimeMachineTests.lines(done)[1].contains("Duration: 2000.00 ms\tBilled Duration: 2000 ms"))
            // The second one fails, too.
            let failed = rig.after(.seconds(3), event)
            #expect(RuntimeMachineTests.result(failed)?.hasPrefix("failure") == true, "\(event)")
        }
    }

    @Test func `row 42: after a crash or a timeout an environment takes nothing more`() {
        for event in [RuntimeMachine.Event.exited(.exited(1)), .timePassed] {
            var rig = RuntimeMachineTests.rig(in: .busy)
            rig.after(.seconds(3), event)
            #expect(!rig.machine.isAvailable)
        }
    }

    @Test func `a response that is too long fails the invocation and keeps the environment`() {
        var rig = RuntimeMachineTests.rig(in: .busy)
        let actions = rig.after(.response(call: 2, id: "first", [UInt8](repeating: 32, count: 6_291_557)))
        #expect(actions.first == .answer(call: 2, .tooLarge(limit: 6_291_556)))
        #expect(RuntimeMachineTests.result(actions)?.contains("Function.ResponseSizeTooLarge") == true)
        #expect(rig.machine.isAvailable)
        var fitting = RuntimeMachineTests.rig(in: .busy)
        #expect(fitting.status(.response(call: 2, id: "first", [UInt8](repeating: 32, count: 6_291_556))) == 202)
    }

    @Test func `a command that cannot be started fails the invocation at once`() {
        var rig = Rig()
        rig.after(.invoke(RuntimeMachineTests.first))
        let actions = rig.after(.cannotStart("fork/exec /nowhere: no such file or directory", isFunctionsFault: true))
        #expect(RuntimeMachineTests.result(actions)?.contains("Runtime.InvalidEntrypoint") == true)
        #expect(actions.last == .end)
    }

    @Test func `an environment ends after five minutes without work, and a runtime that hung up is not lost`() {
        var rig = RuntimeMachineTests.rig(in: .idle)
        #expect(rig.after(.seconds(299), .timePassed).isEmpty)
        var hungUp = rig
        #expect(rig.after(.seconds(1), .timePassed) == [.kill])
        #expect(rig.after(.exited(.killed(signal: 9))) == [.end])
        #expect(hungUp.after(.hungUp(call: 3)).isEmpty)
        #expect(hungUp.machine.deadline == hungUp.now + .seconds(300), "it has as long as an idle one")
        var late = hungUp
        #expect(late.after(.seconds(299), .invoke(RuntimeMachineTests.invocation("late"))).isEmpty)
        #expect(late.machine.deadline == late.now + .seconds(1), "the runtime may not take longer to come back")
        #expect(hungUp.after(.invoke(RuntimeMachineTests.invocation("second"))).isEmpty)
        #expect(hungUp.machine.deadline == hungUp.now + .seconds(3), "nor the invocation to end")
        #expect(hungUp.status(.next(call: 4)) == 200)
    }

    @Test func `a new environment is available, and one that works or has ended is not`() {
        #expect(RuntimeMachine(.init()).isAvailable && RuntimeMachineTests.rig(in: .idle).machine.isAvailable)
        for state in [State.starting, .busy, .ending, .ended] {
            #expect(!RuntimeMachineTests.rig(in: state).machine.isAvailable, "\(state)")
        }
    }

    @Test func `a second call for work replaces the first`() {
        var rig = RuntimeMachineTests.rig(in: .idle)
        #expect(rig.after(.next(call: 4)) == [.answer(call: 3, .outOfTurn)])
        #expect(rig.status(.invoke(RuntimeMachineTests.invocation("second"))) == 200)
    }

    @Test func `a retired environment ends when it is idle, and after what it is doing`() {
        var idle = RuntimeMachineTests.rig(in: .idle)
        #expect(idle.after(.retire) == [.kill])
        var busy = RuntimeMachineTests.rig(in: .busy)
        #expect(busy.after(.retire).isEmpty)
        let actions = busy.after(.response(call: 2, id: "first", [49]))
        #expect(RuntimeMachineTests.result(actions) == "1" && actions.last == .kill)
        var new = Rig()
        #expect(new.after(.retire) == [.end])
    }

    @Test(arguments: [State.starting, .busy, .expecting, .ending])
    func `an environment that is abandoned ends with its process, and starts none`(state: State) {
        var rig = RuntimeMachineTests.rig(in: state)
        if state == .ending {
            // Killed after its first start, to be started again.
            rig = Rig()
            rig.after(.invoke(RuntimeMachineTests.first))
            rig.after(.seconds(10), .timePassed)
        }
        #expect(rig.after(.abandon) == [.kill])
        let actions = rig.after(.exited(.killed(signal: 9)))
        #expect(actions.last == .end && RuntimeMachineTests.result(actions)?.hasPrefix("failure") == true, "\(actions)")
    }

    @Test func `a process that cannot be made ends the environment, also when it was to be killed`() {
        for isRepeat in [false, true] {
            var rig = Rig()
            rig.after(.invoke(RuntimeMachineTests.first))
            rig.after(.seconds(10), .timePassed)
            if isRepeat {
                rig.after(.exited(.killed(signal: 9)))
                rig.after(.seconds(3), .timePassed)
            }
            let actions = rig.after(.cannotStart("no space", isFunctionsFault: false))
            #expect(actions.last == .end)
            for case .finish(let result) in actions { #expect(result.isServiceFailure) }
            #expect(actions.count > 1 || isRepeat, "the invocation ends, too")
        }
    }

    @Test func `a runtime that hung up and stays away is ended like one without work`() {
        var rig = RuntimeMachineTests.rig(in: .idle)
        rig.after(.hungUp(call: 3))
        #expect(rig.after(.seconds(300), .timePassed) == [.kill])
    }

    @Test func `a frozen environment is thawed before it gets work`() {
        var configuration = RuntimeMachine.Configuration()
        configuration.freezes = true
        var rig = Rig(configuration)
        rig.after(.invoke(RuntimeMachineTests.first))
        #expect(!rig.after(.next(call: 1)).contains(.thaw))
        #expect(!rig.after(.response(call: 2, id: "first", [])).contains(.freeze))
        #expect(rig.after(.next(call: 3)) == [.freeze])
        #expect(rig.after(.invoke(RuntimeMachineTests.invocation("second"))).first == .thaw)
    }

    @Test func `row 41: the trace and the deadline always come, the client context only when given`() {
        var invocation = RuntimeMachineTests.first
        let plain = RuntimeAnswer.invocation(invocation, deadline: Timestamp(milliseconds: 1_790_000_003_000))
        #expect(
            plain.headers.map { "\($0.name): \($0.value)" } == [
                "Lambda-Runtime-Aws-Request-Id: first", "Lambda-Runtime-Deadline-Ms: 1790000003000",
                "Lambda-Runtime-Invoked-Function-Arn: arn:f", "Lambda-Runtime-Trace-Id: Root=1",
            ])
        invocation.clientContext = #"{"custom":{}}"#
        let more = RuntimeAnswer.invocation(invocation, deadline: Timestamp(seconds: 1)).headers.map(\.name)
        #expect(more.contains("Lambda-Runtime-Client-Context") && !more.contains("Lambda-Runtime-Cognito-Identity"))
    }
}
