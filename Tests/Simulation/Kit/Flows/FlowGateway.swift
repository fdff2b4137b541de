import Flows
import Model
import StepWorkerFunction
import TestRandom

/// The remote systems of all flows, and what they have seen. What they do depends on the attempt alone, so that a call
/// that is repeated changes nothing.
struct FlowGateway {
    /// An attempt of an execution.
    struct Attempt: Hashable {
        var execution: ExecutionID
        var call: StepCall
    }

    /// What a remote system does with an attempt.
    struct Plan {
        /// Of the call.
        var answer: StepAnswer
        var answerAfter: Duration
        /// Callbacks, from the call on.
        var reports: [(after: Duration, report: CallbackReport)] = []
        /// Whether the attempt ends well unless it is late.
        var isSuccess: Bool
    }

    private(set) var calls = 0
    private(set) var repeated = 0
    private var seen: [Attempt: Int] = [:]
    /// Attempts that remote systems were asked to end.
    private var ended: Set<Attempt> = []
    /// Executions of which a fault explains a repeated call.
    private var excused: Set<ExecutionID> = []

    mutating func excuse(_ id: ExecutionID) { excused.insert(id) }
    func isExcused(_ id: ExecutionID) -> Bool { excused.contains(id) }

    mutating func forget(_ id: ExecutionID, steps: Int) {
        excused.remove(id)
        for step in 0..<steps {
            var attempt = 1
            while seen.removeValue(forKey: Attempt(execution: id, call: StepCall(step: step, attempt: attempt))) != nil
            {
                ended.remove(Attempt(execution: id, call: StepCall(step: step, attempt: attempt)))
                attempt += 1
            }
        }
    }

    /// Records a call. Nil: it is the first of its attempt; otherwise what is wrong with it, or "": nothing.
    mutating func call(_ attempt: Attempt) -> String? {
        calls += 1
        let count = seen[attempt, default: 0] + 1
        seen[attempt] = count
        if count > 1 {
            repeated += 1
            return excused.contains(attempt.execution)
                ? ""
                : "attempt \(attempt.call.attempt) of step \(attempt.call.step) was called twice, and no fault explains it"
        }
        let before = Attempt(
            execution: attempt.execution, call: StepCall(step: attempt.call.step, attempt: attempt.call.attempt - 1))
        if attempt.call.attempt > 1, seen[before] == nil, !excused.contains(attempt.execution) {
            return
                "attempt \(attempt.call.attempt) of step \(attempt.call.step) was called, and the one before it never was"
        }
        return nil
    }

    mutating func end(_ attempt: Attempt) { ended.insert(attempt) }
    func isEnded(_ attempt: Attempt) -> Bool { ended.contains(attempt) }

    // MARK: What they do

    static func plan(_ attempt: Attempt, _ contract: StepContract, completion: FlowBinding.Completion) -> Plan {
        let (id, call) = (attempt.execution.value, attempt.call)
        var random = SeededGenerator(
            seed: id.high ^ id.low &* 31 ^ UInt64(call.step) << 40 ^ UInt64(call.attempt) << 20)
        return completion == .callback ? work(contract, &random) : response(contract, &random)
    }

    private static func response(_ contract: StepContract, _ random: inout SeededGenerator) -> Plan {
        let quick = random.duration(5...3_000)
        switch random.next() % 100 {
        case 0..<6:
            return Plan(answer: .failed(StepFailure(.platform, "status 503")), answerAfter: quick, isSuccess: false)
        case 6..<8:
            let answer = StepAnswer.failed(StepFailure(.timeout, "no answer within 30s"))
            return Plan(answer: answer, answerAfter: .seconds(30), isSuccess: false)
        case 8..<9: return Plan(answer: .failed(StepFailure(.user, "status 404")), answerAfter: quick, isSuccess: false)
        default: return Plan(answer: success(contract).answer(contract), answerAfter: quick, isSuccess: true)
        }
    }

    private static func work(_ contract: StepContract, _ random: inout SeededGenerator) -> Plan {
        let quick = random.duration(5...3_000)
        if random.chance(0.03) {
            return Plan(answer: .failed(StepFailure(.platform, "status 503")), answerAfter: quick, isSuccess: false)
        }
        var plan = Plan(answer: .accepted, answerAfter: quick, isSuccess: true)
        let long = random.duration(1...7_000, unit: 1_000_000)
        switch random.next() % 100 {
        // Nothing is ever heard of it.
        case 0..<3: plan.isSuccess = false
        case 3..<8:
            plan.isSuccess = false
            plan.reports = [(long, .failed(StepFailure(.platform, "the node died")))]
        // The result comes before the answer of the call.
        case 8..<11: plan.reports = [(quick / 2, success(contract))]
        // Reports come twice, and one after the result.
        case 11..<16:
            plan.reports = [
                (long / 2, .running), (long, success(contract)), (long, success(contract)), (long * 2, .running),
            ]
        default: plan.reports = [(long / 3, .progress(.map(["loss": .double(0.5)]))), (long, success(contract))]
        }
        return plan
    }

    private static func success(_ contract: StepContract) -> CallbackReport {
        switch contract.name {
        case "http": .succeeded(["status": 200])
        default: .succeeded(["model": ["uri": "s3://m"]])
        }
    }
}
