private import Synchronization

extension HTTPCaller {
    /// Makes a call and returns how it ended. Cancelling the task cancels the call.
    package func result(of request: HTTPRequest) async -> HTTPResult {
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
