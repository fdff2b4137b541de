private import Blocking
internal import HTTP
private import Model
private import Synchronization

/// The thread that drives libcurl, and what other threads hand over to it.
@safe final class HTTPEngine: Sendable {
    typealias Completion = @Sendable (HTTPResult) -> Void

    /// A call handed over to the thread.
    struct Submission: Sendable {
        let token: HTTPCallToken
        let request: HTTPRequest
        let completion: Completion
    }

    private struct State: Sendable {
        var next = 0
        var submissions: [Submission] = []
        var cancellations: [HTTPCallToken] = []
        var isClosed = false
        var isRunning = false
    }

    private let configuration: HTTPClient.Configuration
    private let state = Mutex(State())
    private let multi: MultiHandle

    init(_ configuration: HTTPClient.Configuration) {
        self.configuration = configuration
        multi = MultiHandle()
    }

    func submit(_ request: HTTPRequest, _ completion: @escaping Completion) -> HTTPCallToken {
        let (token, starts, isClosed, wakes) = state.withLock { state in
            state.next += 1
            let token = HTTPCallToken(number: state.next)
            if state.isClosed { return (token, false, true, false) }
            let wakes = state.submissions.isEmpty
            state.submissions.append(Submission(token: token, request: request, completion: completion))
            defer { state.isRunning = true }
            return (token, !state.isRunning, false, wakes)
        }
        if isClosed {
            completion(.failure(HTTPError(.cancelled, "the client is closed")))
        } else if starts {
            startThread(name: "http") { [self] in run() }
        } else if wakes {
            multi.wakeUp()
        }
        return token
    }

    func cancel(_ token: HTTPCallToken) {
        state.withLock { $0.cancellations.append(token) }
        multi.wakeUp()
    }

    func close() {
        state.withLock { $0.isClosed = true }
        multi.wakeUp()
    }

    /// The thread's main loop.
    private func run() {
        let loop = HTTPLoop(multi: multi, configuration: configuration)
        while true {
            let (submissions, cancellations, isClosed) = state.withLock { state in
                defer {
                    state.submissions.removeAll(keepingCapacity: true)
                    state.cancellations.removeAll()
                }
                return (state.submissions, state.cancellations, state.isClosed)
            }
            loop.add(submissions)
            for token in cancellations { loop.cancel(token) }
            if isClosed {
                loop.cancelAll()
                return
            }
            loop.turn()
        }
    }
}
