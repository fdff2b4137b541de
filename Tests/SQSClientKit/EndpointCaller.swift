package import HTTP
package import Model
private import SQS
package import SQSFunction
private import Synchronization

/// Makes the calls of a client on an endpoint in this process, without a connection; a test may come between.
package final class EndpointCaller: HTTPCaller {
    /// One call of AWS JSON.
    package struct Call: Sendable {
        /// Such as `SendMessageBatch`.
        package var action: String
        package var input: JSON
        package var request: HTTPRequest
        /// The last part of `QueueUrl`.
        package var queue: String {
            input["QueueUrl"]?.text?.split(separator: "/").last.map(String.init) ?? input["QueueName"]?.text ?? ""
        }
        package var entries: [JSON] { input["Entries"]?.elements ?? [] }
    }

    /// What becomes of a call.
    package enum Reaction: Sendable {
        /// The endpoint answers.
        case pass
        /// The endpoint is asked for something else, and its answer changed.
        case alter(input: @Sendable (JSON) -> JSON = { $0 }, answer: @Sendable (JSON) -> JSON = { $0 })
        /// The endpoint does not hear of it.
        case answer(Int, JSON)
        /// As `answer`, without a connection.
        case fail(HTTPError.Code)
        /// The endpoint carries it out, and the connection breaks.
        case lose
    }

    private struct State {
        var last = 0
        var calls: [Call] = []
        var running: [HTTPCallToken: (task: Task<Void, Never>?, completion: @Sendable (HTTPResult) -> Void)] = [:]
        var react: @Sendable (Call) -> Reaction = { _ in .pass }
    }

    private let endpoint: SQSEndpoint
    private let state = Mutex(State())

    package init(_ endpoint: SQSEndpoint) { self.endpoint = endpoint }

    /// The calls so far, in their order.
    package var calls: [Call] { state.withLock { $0.calls } }
    /// Forgets the calls so far.
    package func forget() { state.withLock { $0.calls = [] } }
    /// What becomes of calls from now on.
    package func react(_ react: @escaping @Sendable (Call) -> Reaction) { state.withLock { $0.react = react } }

    package func start(
        _ request: HTTPRequest, _ completion: @escaping @Sendable (HTTPResult) -> Void
    ) -> HTTPCallToken {
        let target = request.headers.first { $0.name.lowercased() == "x-amz-target" }?.value ?? ""
        let call = Call(
            action: String(target.split(separator: ".").last ?? ""),
            input: (try? JSON(parsing: request.body ?? [])) ?? .null,
            request: request)
        let (token, reaction) = state.withLock { state in
            state.last += 1
            let token = HTTPCallToken(number: state.last)
            state.running[token] = (nil, completion)
            state.calls.append(call)
            return (token, state.react)
        }
        let react = reaction(call)
        let task = Task { finish(token, await answer(call, react)) }
        state.withLock { $0.running[token]?.task = task }
        return token
    }

    package func cancel(_ token: HTTPCallToken) {
        state.withLock { $0.running[token]?.task }?.cancel()
        finish(token, .failure(HTTPError(.cancelled, "cancelled")))
    }

    package func close() {
        for token in state.withLock({ Array($0.running.keys) }) { cancel(token) }
    }

    private func finish(_ token: HTTPCallToken, _ result: HTTPResult) {
        state.withLock { $0.running.removeValue(forKey: token) }?.completion(result)
    }

    private func answer(_ call: Call, _ reaction: Reaction) async -> HTTPResult {
        var body = call.request.body ?? []
        var change: (@Sendable (JSON) -> JSON)?
        switch reaction {
        case .pass, .lose: break
        case .alter(let input, let answer):
            body = input(call.input).serialized
            change = answer
        case .answer(let status, let json): return .success(EndpointCaller.response(status, json.serialized))
        case .fail(let code): return .failure(HTTPError(code, "by the test"))
        }
        let request = WireRequest(
            method: call.request.method, path: "/", query: "", headers: call.request.headers + [("Host", "localhost")],
            body: body)
        guard let response = try? await endpoint.respond(to: request) else {
            return .failure(HTTPError(.cancelled, "cancelled"))
        }
        if case .lose = reaction { return .failure(HTTPError(.broken, "by the test")) }
        guard let change, let json = try? JSON(parsing: response.body) else {
            return .success(EndpointCaller.response(response.status, response.body))
        }
        return .success(EndpointCaller.response(response.status, change(json).serialized))
    }

    private static func response(_ status: Int, _ body: [UInt8]) -> HTTPResponse {
        HTTPResponse(status: status, headerLines: [], body: body, totalBytes: body.count, duration: .zero)
    }
}

extension JSON {
    /// An object with one member set.
    package func setting(_ name: String, _ value: JSON) -> JSON {
        .object((members ?? []).filter { $0.name != name } + [Member(name, value)])
    }
}
