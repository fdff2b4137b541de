import HTTP
import Model
import Synchronization

/// Posts reports to callback URLs, again and again where need be.
struct CallbackSender: Sendable {
    /// How the sending of one report ended.
    enum Outcome: Equatable, Sendable {
        case delivered
        /// The receiver does not want it.
        case refused
        /// Not delivered within two minutes, or overtaken by a newer report.
        case lost
        /// The task was cancelled.
        case stopped
    }

    let http: any HTTPCaller

    /// - Parameter isOvertaken: whether there is something newer, so that a report that failed is not sent again.
    func send(_ report: JSON, to url: String, isOvertaken: () -> Bool = { false }) async -> Outcome {
        let body = report.serialized
        let start = ContinuousClock.now
        var backoff = CallbackBackoff()
        while !Task.isCancelled {
            // A URL that cannot be called now may be later: its host may be starting.
            let status = await status(of: body, url)
            switch status.map(CallbackBackoff.verdict) ?? .again {
            case .delivered: return .delivered
            case .refused: return .refused
            case .again: break
            }
            guard !isOvertaken(), let delay = backoff.next(age: ContinuousClock.now - start) else { return .lost }
            // Cancelled: the loop ends.
            try? await Task.sleep(for: delay)
        }
        return .stopped
    }

    /// The status of the answer to one POST; nil if there was none.
    private func status(of body: [UInt8], _ url: String) async -> Int? {
        let request = HTTPRequest(
            method: "POST", url: url, headers: [("Content-Type", "application/json")], body: body,
            timeout: .seconds(10), keptBytes: 0, readBytes: 65_536)
        let token = Mutex<HTTPCallToken?>(nil)
        let result: HTTPResult = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let started = http.start(request) { continuation.resume(returning: $0) }
                token.withLock { $0 = started }
                if Task.isCancelled { http.cancel(started) }
            }
        } onCancel: {
            if let started = token.withLock({ $0 }) { http.cancel(started) }
        }
        return result.answer?.status
    }
}
