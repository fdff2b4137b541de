import Calls
import FunctionRuntime
import Logging
import Model
import Queue
import Telemetry

/// Cancels in queues that can take no message back: the worker asks the API before it calls (protocols.md, 8).
extension TriggerWorker {
    /// So long before its deadline a call is made unasked, since a copy may take a while to come back.
    private static let deadlineMargin = Duration.seconds(20)

    /// Splits deliveries into those that may be called, and settlements for the others: of triggers that are over, whose
    /// messages go, and of those that nobody could be asked about, which wait.
    ///
    /// A trigger is not lost because the API is away: one whose deadline is near is called unasked. A cancel made just before
    /// the API went away may then be missed.
    func admitUncancelled(_ deliveries: [Delivery]) async -> (ready: [Delivery], settlements: [Settlement]) {
        if queue.capabilities.findsByID || deliveries.isEmpty { return (deliveries, []) }
        let now = ContinuousClock.now
        let asked = outage.isOver(at: now) ? deliveries.filter { answers.isOver($0.message, at: now) == nil } : []
        for start in stride(from: 0, to: asked.count, by: HeldTrigger.most) {
            let part = asked[start..<min(start + HeldTrigger.most, asked.count)]
            let body: JSON = ["triggers": .array(part.map(\.held.json))]
            do throws(EngineAPI.Failure) {
                let over = try await api.post("held", body, list: "over", count: part.count)
                outage.end()
                for (delivery, isOver) in zip(part, over) {
                    answers.keep(delivery.message, isOver: isOver.flag ?? false, at: now)
                }
            } catch {
                runtime.logger.warning(
                    "\(part.count) calls wait, or are made unasked near their deadline, because it is not known whether they were cancelled: \(error)"
                )
                outage.goOn(at: now)
                break
            }
        }
        var (ready, settlements): ([Delivery], [Settlement]) = ([], [])
        for delivery in deliveries {
            switch answers.isOver(delivery.message, at: now) {
            case false?: ready.append(delivery)
            case true?:
                runtime.metrics.count(.callsOver)
                settlements.append(Settlement(delivery.receipt, .acknowledge))
            case nil:
                let left = delivery.message.deadline - WallClock.now() - TriggerWorker.deadlineMargin
                let pause = min(left, outage.pause * Double.random(in: 0.5...1))
                if pause < .seconds(1) {
                    ready.append(delivery)
                } else {
                    countHeldBack("api")
                    settlements.append(Settlement(delivery.receipt, .release(after: pause)))
                }
            }
        }
        return (ready, settlements)
    }
}

/// A time in which the API does not answer: it is asked again after pauses that double, from 2 s to 30 s.
struct APIOutage: Sendable {
    private(set) var pause = Duration.seconds(2)
    private var until: ContinuousClock.Instant?

    /// Whether the API may be asked.
    func isOver(at now: ContinuousClock.Instant) -> Bool { until.map { now >= $0 } ?? true }

    /// It has answered.
    mutating func end() {
        pause = .seconds(2)
        until = nil
    }

    /// It has not.
    mutating func goOn(at now: ContinuousClock.Instant) {
        pause = until == nil ? .seconds(2) : min(.seconds(30), pause * 2)
        until = now + pause
    }
}

/// What the API has said of triggers within the last five seconds.
struct CancelAnswers: Sendable {
    private struct Key: Hashable {
        var id: TriggerID
        var redrive: Int
    }

    private var answers: [Key: (isOver: Bool, at: ContinuousClock.Instant)] = [:]
    private var nextSweep: ContinuousClock.Instant?

    /// How long an answer counts.
    private static let lifetime = Duration.seconds(5)

    /// Whether a trigger is over; nil: it is not known.
    func isOver(_ message: TriggerMessage, at now: ContinuousClock.Instant) -> Bool? {
        guard let answer = answers[Key(id: message.id, redrive: message.redrive)],
            now - answer.at < CancelAnswers.lifetime
        else { return nil }
        return answer.isOver
    }

    /// Keeps an answer, and forgets old ones.
    mutating func keep(_ message: TriggerMessage, isOver: Bool, at now: ContinuousClock.Instant) {
        if nextSweep.map({ now >= $0 }) ?? true {
            answers = answers.filter { now - $0.value.at < CancelAnswers.lifetime }
            nextSweep = now + CancelAnswers.lifetime
        }
        answers[Key(id: message.id, redrive: message.redrive)] = (isOver, now)
    }
}

extension Delivery {
    /// What the API is asked about.
    fileprivate var held: HeldTrigger {
        HeldTrigger(message.id, redrive: message.redrive, mayBeCalled: attempt > 1 || receives > 1)
    }
}
