package import Model

/// The life of an execution environment: a state machine that is told what happens and when, and says what to do.
///
/// One process at a time runs the function's runtime, which asks for work, and answers it, by the Runtime API ("Using the
/// Lambda runtime API for custom runtimes", AWS documentation). An environment is made for an invocation; it handles one
/// at a time, and stays for later ones while it is idle for less than its limit.
package struct RuntimeMachine: Sendable {
    /// The settings of an environment.
    package struct Configuration: Hashable, Sendable {
        /// `$LATEST` or a number, for the log.
        package var version = "$LATEST"
        /// In MB, for the log and as the limit.
        package var memory = 128
        /// How long the first start may take; the repeat has the invocation's own time (row 42).
        package var startLimit = Duration.seconds(10)
        /// How long an environment stays without work.
        package var idleLimit = Duration.seconds(300)
        /// The process is stopped between invocations.
        package var freezes = false
        /// Bytes of a response.
        package var responseLimit = 6_291_556

        /// The defaults given at each property.
        package init() {}
    }

    /// What happens. A `call` is the number of a call of the Runtime API, which is answered under it.
    package enum Event: Sendable {
        /// There is work. Only while `isAvailable`.
        case invoke(Invocation)
        /// The runtime asks for work.
        case next(call: Int)
        /// The runtime answers an invocation.
        case response(call: Int, id: String, [UInt8])
        /// As much of a response as is read has come, and more.
        case responseIsTooLong(call: Int, id: String)
        /// A response ended before its end, or with an error in its trailers.
        case responseFailed(call: Int, id: String, type: String, message: String)
        /// The function failed.
        case error(call: Int, id: String, [UInt8])
        /// The runtime cannot start.
        case startError(call: Int, [UInt8])
        /// The runtime has closed the connection of a call that is not answered.
        case hungUp(call: Int)
        /// The process has ended, and its group with it.
        case exited(RuntimeExit)
        /// No process could be made, for this reason: there is no such program, or the machine could not.
        case cannotStart(String, isFunctionsFault: Bool)
        /// The process group uses so many bytes.
        case memoryUsed(Int)
        /// The deadline has passed.
        case timePassed
        /// The environment is not to be used again: idle it ends at once, else after what it is doing.
        case retire
        /// The environment ends at once, and what it is doing fails.
        case abandon
    }

    /// What is to be done, in this order.
    package enum Action: Hashable, Sendable {
        /// Start the runtime's process.
        case start
        /// Kill the process group; its exit is an event.
        case kill
        case answer(call: Int, RuntimeAnswer)
        /// A line for the log.
        case log(String)
        /// The invocation is over.
        case finish(InvocationResult)
        /// Stop the processes of the group until `thaw`.
        case freeze
        case thaw
        /// The environment is over: no process, and none will be started.
        case end
    }

    private enum Phase: Hashable, Sendable {
        /// No process yet.
        case new
        /// The process has not asked for work yet; it was started for this invocation.
        case starting(Invocation, since: Timestamp, deadline: Timestamp, isRepeat: Bool)
        /// The process waits for work.
        case idle(call: Int, since: Timestamp)
        /// The invocation has been given to the process.
        case busy(Invocation, since: Timestamp, deadline: Timestamp)
        /// The process has answered and not asked for more, or hung up while it waited; it may have work to come.
        case away(deadline: Timestamp?, Invocation?)
        /// The process has been killed; what is to be done when it has ended.
        case ending(restartFor: Invocation?, isRepeat: Bool)
        case ended
    }

    private let configuration: Configuration
    private var phase = Phase.new
    private var lastID: String?
    private var startDuration: Duration?
    private var memoryUsed = 0
    private var isRetired = false
    private var isFrozen = false
    private var isAbandoned = false

    /// An environment without a process.
    package init(_ configuration: Configuration) { self.configuration = configuration }

    /// Whether it can be given an invocation.
    package var isAvailable: Bool {
        switch phase {
        case .new: true
        case .idle, .away(_, nil): !isRetired
        default: false
        }
    }

    /// When `timePassed` is to be sent; nil: never.
    package var deadline: Timestamp? {
        switch phase {
        case .starting(_, _, let deadline, _), .busy(_, _, let deadline): deadline
        case .idle(_, let since): since + configuration.idleLimit
        case .away(let deadline, _): deadline
        case .new, .ending, .ended: nil
        }
    }

    /// Takes an event; returns what is to be done.
    package mutating func handle(_ event: Event, now: Timestamp) -> [Action] {
        switch event {
        case .invoke(let invocation): return invoke(invocation, now)
        case .next(let call): return next(call, now)
        case .response(let call, let id, let payload):
            return answer(call, id, now) { limit in
                payload.count > limit ? nil : InvocationResult(payload: payload, isFailure: false)
            }
        case .responseIsTooLong(let call, let id): return answer(call, id, now) { _ in nil }
        case .responseFailed(let call, let id, let type, let message):
            return answer(call, id, now) { _ in .failure(type, message) }
        case .error(let call, let id, let payload):
            return answer(call, id, now) { limit in
                payload.count > limit ? nil : InvocationResult(payload: payload, isFailure: true)
            }
        case .startError(let call, let payload):
            guard case .starting = phase else { return [.answer(call: call, .outOfTurn)] }
            return [.answer(call: call, .accepted)]
                + startFailed(InvocationResult(payload: payload, isFailure: true), now)
        case .hungUp(let call):
            guard case .idle(call, _) = phase else { return [] }
            phase = .away(deadline: now + configuration.idleLimit, nil)
            return isRetired ? kill() : []
        case .exited(let exit): return exited(exit, now)
        case .cannotStart(let reason, let isFunctionsFault): return cannotStart(reason, isFunctionsFault, now)
        case .memoryUsed(let bytes):
            memoryUsed = max(memoryUsed, bytes)
            guard bytes > configuration.memory << 20 else { return [] }
            return failed(.exited(.killed(signal: 9)), now)
        case .timePassed:
            guard let deadline, now >= deadline else { return [] }
            return failed(.outOfTime, now)
        case .retire:
            isRetired = true
            if case .new = phase {
                phase = .ended
                return [.end]
            }
            return isIdle ? kill() : []
        case .abandon:
            (isRetired, isAbandoned) = (true, true)
            switch phase {
            case .new:
                phase = .ended
                return [.end]
            case .ended: return []
            // What it was doing fails when the process has ended.
            default: return [.kill]
            }
        }
    }

    private var isIdle: Bool {
        switch phase {
        case .idle, .away(_, nil): true
        default: false
        }
    }

    // MARK: Work

    private mutating func invoke(_ invocation: Invocation, _ now: Timestamp) -> [Action] {
        switch phase {
        case .new: return start(for: invocation, isRepeat: false, now)
        case .idle(let call, _): return give(invocation, call, now)
        case .away(let deadline, nil):
            let limit = now + invocation.timeout
            phase = .away(deadline: deadline.map { min($0, limit) } ?? limit, invocation)
            return []
        default: preconditionFailure("an environment that is \(phase) was given an invocation")
        }
    }

    private mutating func start(for invocation: Invocation, isRepeat: Bool, _ now: Timestamp) -> [Action] {
        memoryUsed = 0
        startDuration = nil
        lastID = nil
        let limit = isRepeat ? invocation.timeout : configuration.startLimit
        phase = .starting(invocation, since: now, deadline: now + limit, isRepeat: isRepeat)
        // The repeat is part of the invocation.
        return isRepeat
            ? [.log(InvocationReport.start(invocation.id, version: configuration.version)), .start] : [.start]
    }

    private mutating func next(_ call: Int, _ now: Timestamp) -> [Action] {
        switch phase {
        case .starting(let invocation, let since, let deadline, let isRepeat):
            if !isRepeat { startDuration = now - since }
            return give(invocation, call, now, repeated: isRepeat ? (since, deadline) : nil)
        case .away(_, let invocation?): return give(invocation, call, now)
        case .away(_, nil):
            phase = .idle(call: call, since: now)
            return freezeIfWanted()
        case .idle(let earlier, let since):
            // The latest call gets the work; the runtime has lost the earlier one, or asks twice.
            phase = .idle(call: call, since: since)
            return [.answer(call: earlier, .outOfTurn)]
        case .busy, .new, .ending, .ended: return [.answer(call: call, .outOfTurn)]
        }
    }

    /// - Parameter repeated: the invocation has begun already, with the second start.
    private mutating func give(
        _ invocation: Invocation, _ call: Int, _ now: Timestamp,
        repeated: (since: Timestamp, deadline: Timestamp)? = nil
    ) -> [Action] {
        let deadline = repeated?.deadline ?? now + invocation.timeout
        phase = .busy(invocation, since: repeated?.since ?? now, deadline: deadline)
        lastID = invocation.id
        var actions: [Action] = isFrozen ? [.thaw] : []
        isFrozen = false
        if repeated == nil {
            actions.append(.log(InvocationReport.start(invocation.id, version: configuration.version)))
        }
        actions.append(.answer(call: call, .invocation(invocation, deadline: deadline)))
        return actions
    }

    /// - Parameter result: given the longest response; nil: this one is longer.
    private mutating func answer(
        _ call: Int, _ id: String, _ now: Timestamp, result: (Int) -> InvocationResult?
    ) -> [Action] {
        guard let lastID, lastID == id else { return [.answer(call: call, .unknownID)] }
        guard case .busy(let invocation, let since, let deadline) = phase else {
            return [.answer(call: call, .outOfTurn)]
        }
        phase = .away(deadline: deadline, nil)
        let limit = configuration.responseLimit
        var actions: [Action]
        if let result = result(limit) {
            actions = [.answer(call: call, .accepted)] + report(invocation, since, now) + [.finish(result)]
        } else {
            let tooLarge = InvocationResult.failure(
                "Function.ResponseSizeTooLarge",
                "Response payload size exceeded maximum allowed payload size (\(limit) bytes).")
            actions =
                [.answer(call: call, .tooLarge(limit: limit))] + report(invocation, since, now) + [.finish(tooLarge)]
        }
        if isRetired { actions += kill() }
        return actions
    }

    private mutating func report(_ invocation: Invocation, _ since: Timestamp, _ now: Timestamp) -> [Action] {
        defer { startDuration = nil }
        return InvocationReport(
            id: invocation.id, duration: now - since, initialization: startDuration, memory: configuration.memory,
            memoryUsed: memoryUsed
        ).lines.map { .log($0) }
    }

    private mutating func freezeIfWanted() -> [Action] {
        guard configuration.freezes else { return [] }
        isFrozen = true
        return [.freeze]
    }

    // MARK: Ends

    private mutating func kill() -> [Action] {
        phase = .ending(restartFor: nil, isRepeat: false)
        return [.kill]
    }

    private enum Failure {
        case outOfTime
        case exited(RuntimeExit)
    }

    /// The process has to be killed.
    private mutating func failed(_ failure: Failure, _ now: Timestamp) -> [Action] {
        switch phase {
        case .starting(let invocation, _, _, _): return startFailed(result(failure, invocation), now)
        case .busy(let invocation, let since, _):
            return finish(invocation, since, failure, now) + kill()
        case .away(_, let invocation?):
            // It has never been given out: a new process gets it.
            phase = .ending(restartFor: invocation, isRepeat: false)
            return [.kill]
        case .idle, .away(_, nil): return kill()
        case .new, .ending, .ended: return []
        }
    }

    /// The first start is repeated once, within the time of the invocation (row 42).
    private mutating func startFailed(_ result: InvocationResult, _ now: Timestamp) -> [Action] {
        guard case .starting(let invocation, let since, _, let isRepeat) = phase else { return [] }
        if isRepeat {
            return report(invocation, since, now) + [.finish(result)] + kill()
        }
        let spent = InvocationReport.milliseconds(now - since)
        phase = .ending(restartFor: invocation, isRepeat: true)
        return [.log("INIT_REPORT Init Duration: \(spent) ms\tPhase: init\tStatus: error"), .kill]
    }

    /// Also of a process that was to be killed before it was made.
    private mutating func cannotStart(_ reason: String, _ isFunctionsFault: Bool, _ now: Timestamp) -> [Action] {
        let waiting: (Invocation, since: Timestamp)?
        switch phase {
        case .starting(let invocation, let since, _, _): waiting = (invocation, since)
        case .ending(let invocation?, _): waiting = (invocation, now)
        case .ending(nil, _): waiting = nil
        default: return []
        }
        phase = .ended
        guard let (invocation, since) = waiting else { return [.end] }
        let message = "RequestId: \(invocation.id) Error: \(reason)"
        var result = InvocationResult.failure("Runtime.InvalidEntrypoint", message)
        result.isServiceFailure = !isFunctionsFault
        return [.log(message), .log("Runtime.InvalidEntrypoint")] + report(invocation, since, now)
            + [.finish(result), .end]
    }

    private mutating func exited(_ exit: RuntimeExit, _ now: Timestamp) -> [Action] {
        isFrozen = false
        if isAbandoned {
            switch phase {
            case .starting(let invocation, _, _, _), .away(_, let invocation?), .ending(let invocation?, _):
                phase = .ended
                return finish(invocation, now, .exited(exit), now) + [.end]
            default: break
            }
        }
        switch phase {
        case .starting(let invocation, let since, _, let isRepeat):
            if !isRepeat {
                return [.log("\(text(.exited(exit), invocation))")] + start(for: invocation, isRepeat: true, now)
            }
            phase = .ended
            return finish(invocation, since, .exited(exit), now) + [.end]
        case .busy(let invocation, let since, _):
            phase = .ended
            return finish(invocation, since, .exited(exit), now) + [.end]
        case .away(_, let invocation?): return start(for: invocation, isRepeat: false, now)
        case .ending(let invocation?, let isRepeat): return start(for: invocation, isRepeat: isRepeat, now)
        case .idle, .away(_, nil), .ending(nil, _):
            phase = .ended
            return [.end]
        case .new, .ended: preconditionFailure("an environment that is \(phase) has no process to end")
        }
    }

    private mutating func finish(
        _ invocation: Invocation, _ since: Timestamp, _ failure: Failure, _ now: Timestamp
    ) -> [Action] {
        var lines: [Action] = []
        switch failure {
        case .outOfTime:
            let limit = InvocationReport.seconds(invocation.timeout)
            lines = [.log("\(now) \(invocation.id) Task timed out after \(limit) seconds")]
        case .exited: lines = [.log(text(failure, invocation)), .log("Runtime.ExitError")]
        }
        return lines + report(invocation, since, now) + [.finish(result(failure, invocation))]
    }

    private func result(_ failure: Failure, _ invocation: Invocation) -> InvocationResult {
        switch failure {
        case .outOfTime: .failure("Sandbox.Timedout", text(failure, invocation))
        case .exited: .failure("Runtime.ExitError", text(failure, invocation))
        }
    }

    private func text(_ failure: Failure, _ invocation: Invocation) -> String {
        let what =
            switch failure {
            case .outOfTime: "Task timed out after \(InvocationReport.seconds(invocation.timeout)) seconds"
            case .exited(let exit): exit.text
            }
        return "RequestId: \(invocation.id) Error: \(what)"
    }
}
