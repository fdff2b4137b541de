internal import HTTP
private import Synchronization

extension HTTPCaller {
    /// Makes a call and returns how it ended. Cancelling the task cancels the call.
    func result(of request: HTTPRequest) async -> HTTPResult {
        let token = Mutex<HTTPCallToken?>(nil)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let started = start(request) { continuation.resume(returning: $0) }
                token.withLock { $0 = started }
                if Task.isCancelled { cancel(started) }
            }
        } onCancel: {
            if let started = token.withLock({ $0 }) { cancel(started) }
        }
    }
}

extension SQSClientError {
    /// A call that had no answer, or a part of one.
    init(_ error: HTTPError, at place: String) {
        let code =
            switch error.code {
            case .dns, .connect, .tls, .timeout, .broken: SQSClientError.unreachable
            case .cancelled: SQSClientError.cancelled
            case .forbidden, .invalid: SQSClientError.invalidRequest
            }
        self.init(code, "\(error)", at: place, status: error.answer?.status)
    }
}
