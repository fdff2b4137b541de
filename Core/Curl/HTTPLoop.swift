internal import CCurl
internal import HTTP
private import Model

/// The calls in progress, on the engine's thread: a thin shell around libcurl's multi interface.
final class HTTPLoop {
    private let multi: MultiHandle
    private let configuration: HTTPClient.Configuration
    private var waiting: [HTTPEngine.Submission] = []
    private var firstWaiting = 0
    private var transfers: [HTTPCallToken: HTTPTransfer] = [:]
    /// Finished transfers, whose handles are reused.
    private var idle: [HTTPTransfer] = []

    init(multi: MultiHandle, configuration: HTTPClient.Configuration) {
        self.multi = multi
        self.configuration = configuration
        unsafe headgate_curl_multi_set_long(
            multi.pointer, CURLMOPT_MAX_HOST_CONNECTIONS, configuration.connectionsPerHost)
        unsafe headgate_curl_multi_set_long(multi.pointer, CURLMOPT_MAXCONNECTS, configuration.maximumConcurrency)
        unsafe headgate_curl_multi_set_long(multi.pointer, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
    }

    func add(_ submissions: [HTTPEngine.Submission]) {
        waiting.append(contentsOf: submissions)
        fill()
    }

    /// One round: waits for sockets, timers or a wake-up, lets libcurl work on what is ready, and completes what has
    /// ended.
    func turn() {
        multi.runTimer()
        // A call that ends as it begins, because of its URL for example, must not wait for a socket.
        if !reap() {
            multi.work(calls: transfers.count)
            reap()
        }
        fill()
    }

    func cancel(_ token: HTTPCallToken) {
        if let transfer = transfers.removeValue(forKey: token) {
            unsafe curl_multi_remove_handle(multi.pointer, transfer.handle)
            transfer.finish(transfer.cancelled)
            idle.append(transfer)
        } else if let index = waiting[firstWaiting...].firstIndex(where: { $0.token == token }) {
            waiting.remove(at: index).completion(.failure(.cancelled))
        }
    }

    func cancelAll() {
        for token in transfers.keys { cancel(token) }
        for submission in waiting[firstWaiting...] { submission.completion(.failure(.cancelled)) }
        waiting = []
        firstWaiting = 0
    }

    private func fill() {
        while firstWaiting < waiting.count, transfers.count < configuration.maximumConcurrency {
            let submission = waiting[firstWaiting]
            firstWaiting += 1
            let transfer = idle.popLast() ?? HTTPTransfer(configuration, connections: multi.connections)
            if let error = transfer.begin(submission) {
                transfer.finish(.failure(error))
                idle.append(transfer)
                continue
            }
            transfers[submission.token] = transfer
            unsafe curl_multi_add_handle(multi.pointer, transfer.handle)
        }
        if firstWaiting == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            firstWaiting = 0
        }
    }

    /// Completes what has ended. Returns whether anything has.
    @discardableResult
    private func reap() -> Bool {
        var left: Int32 = 0
        var hasEnded = false
        while let message = unsafe curl_multi_info_read(multi.pointer, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let handle = unsafe message.pointee.easy_handle else {
                continue
            }
            let code = unsafe headgate_curl_result(message)
            let transfer = unsafe HTTPTransfer.owner(of: handle)
            unsafe curl_multi_remove_handle(multi.pointer, handle)
            hasEnded = true
            if transfer.restartOnFreshConnection() {
                unsafe curl_multi_add_handle(multi.pointer, handle)
                continue
            }
            transfers[transfer.token] = nil
            transfer.finish(transfer.result(code))
            if idle.count < configuration.maximumConcurrency { idle.append(transfer) }
        }
        return hasEnded
    }
}

extension HTTPError {
    static let cancelled = HTTPError(.cancelled, "the call was cancelled")
}
