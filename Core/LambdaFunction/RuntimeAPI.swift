package import HTTP
package import Model

/// A client of the Lambda Runtime API, by which a function takes its invocations (AWS Lambda Developer Guide, "Using the
/// Lambda runtime API").
package struct RuntimeAPI: Sendable {
    /// An event to handle.
    package struct Invocation: Sendable {
        /// The request id.
        package var id: String
        /// When the environment ends if there is no answer, by the host's clock.
        package var deadline: Timestamp
        package var event: [UInt8]
    }

    /// What the runtime API did not do.
    package struct Failure: Error, CustomStringConvertible {
        /// What was asked for, and what came.
        package var description: String
    }

    private let http: any HTTPCaller
    private let base: String

    /// The environment variable that says where the API is. A function that finds it runs in Lambda.
    package static let variable = "AWS_LAMBDA_RUNTIME_API"

    /// - Parameter host: `HOST:PORT`, from `variable`.
    package init(host: String, http: any HTTPCaller) {
        base = "http://\(host)/2018-06-01/runtime/invocation/"
        self.http = http
    }

    /// An event's bytes at most: an asynchronous one's megabyte is exceeded by a batch of SQS, 6 MiB.
    private static let keptBytes = 8 << 20

    /// Waits for the next invocation: an environment may be frozen in this call for hours.
    package func next() async throws(Failure) -> Invocation {
        let request = HTTPRequest(
            url: base + "next", timeout: .seconds(20 * 86_400), keptBytes: RuntimeAPI.keptBytes)
        let answer = try await answer(to: request, "the next invocation")
        guard let id = answer.header("Lambda-Runtime-Aws-Request-Id"),
            let deadline = answer.header("Lambda-Runtime-Deadline-Ms").flatMap({ Int64($0) }), !answer.isTruncated
        else { throw Failure(description: "the next invocation has no id or deadline, or is too long") }
        return Invocation(id: id, deadline: Timestamp(milliseconds: deadline), event: answer.body)
    }

    /// Answers an invocation.
    package func respond(to invocation: Invocation, _ answer: JSON) async throws(Failure) {
        try await send("\(invocation.id)/response", answer)
    }

    /// Reports that an invocation failed.
    package func fail(_ invocation: Invocation, type: String, message: String) async throws(Failure) {
        try await send(
            "\(invocation.id)/error",
            ["errorType": .string(type), "errorMessage": .string(message), "stackTrace": .array([])])
    }

    private func send(_ path: String, _ body: JSON) async throws(Failure) {
        let request = HTTPRequest(
            method: "POST", url: base + path, headers: [("Content-Type", "application/json")], body: body.serialized)
        _ = try await answer(to: request, path)
    }

    private func answer(to request: HTTPRequest, _ what: String) async throws(Failure) -> HTTPResponse {
        switch await http.result(of: request) {
        case .failure(let error): throw Failure(description: "\(what): \(error)")
        case .success(let answer) where (200..<300).contains(answer.status): return answer
        case .success(let answer):
            let text = String(decoding: answer.body.prefix(300), as: UTF8.self)
            throw Failure(description: "\(what): the runtime API answered \(answer.status) \(text)")
        }
    }
}
