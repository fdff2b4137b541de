package import HTTP
package import Model
package import SQS

/// Makes calls of the SQS API in AWS JSON 1.0.
///
/// Throttles, answers of 5xx and connections that fail are repeated, and once a call whose key is refused, with credentials
/// that are read anew; so are the entries of a batch that failed without
/// the sender's fault, and only those. What a repeat may do twice, it does twice: SQS knows no ids.
package struct SQSCaller: Sendable {
    /// Where to call, and how patiently.
    package struct Configuration: Sendable {
        /// Scheme, host and port, such as `https://sqs.eu-central-1.amazonaws.com`.
        package var endpoint: String
        /// For signatures.
        package var region: String
        /// Of one call without a wait; that of a long poll is added. Default 5 s.
        package var timeout: Duration = .seconds(5)
        /// How often calls and entries are repeated.
        package var repeats = CallRepeats()
        /// Batches of one verb in progress at once. Default 8.
        package var concurrency = 8

        /// An endpoint; a slash at its end is dropped. Traps if it has a path.
        package init(endpoint: String, region: String = "us-east-1") {
            let trimmed = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
            precondition(
                HTTPRequest(method: "POST", url: trimmed).isSignable, "an endpoint is scheme and host: \(endpoint)")
            self.endpoint = trimmed
            self.region = region
        }
    }

    let configuration: Configuration
    private let http: any HTTPCaller
    private let credentials: CredentialSource?
    private let sleep: @Sendable (Duration) async throws -> Void
    private let random: @Sendable () -> Double

    /// Bytes of an answer: ten messages of a mebibyte in sum, each character perhaps escaped.
    private static let keptBytes = 8 << 20

    /// A caller through `http`.
    ///
    /// - Parameters:
    ///   - credentials: sign each call; nil: calls are not signed.
    ///   - sleep: waits before a repeat.
    ///   - random: from 0 to 1, for the jitter.
    package init(
        _ configuration: Configuration, http: any HTTPCaller, credentials: CredentialSource? = nil,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        random: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.configuration = configuration
        self.http = http
        self.credentials = credentials
        self.sleep = sleep
        self.random = random
    }

    /// Carries out an action and returns its output; an empty object where it has none.
    ///
    /// - Parameter wait: how long the service may take by order: that of a long poll.
    package func call(
        _ action: SQSAction, _ input: JSON, wait: Duration = .zero
    ) async throws(SQSClientError) -> JSON {
        let body = input.serialized
        var repeats = 0
        var hasRefreshed = false
        while true {
            let key = try await credentials?.current()
            do throws(SQSClientError) {
                return try await once(action, body, timeout: configuration.timeout + wait, key)
            } catch {
                if let key, error.refusesKey, !hasRefreshed {
                    hasRefreshed = true
                    await credentials?.forget(key)
                    continue
                }
                repeats += 1
                guard error.isRepeatedAtOnce, repeats <= configuration.repeats.most, await pauses(before: repeats)
                else { throw error }
            }
        }
    }

    /// The service, for messages.
    var place: String { "\(configuration.endpoint) (\(configuration.region))" }

    /// Waits before a repeat. False: the task was cancelled.
    func pauses(before number: Int) async -> Bool {
        do {
            try await sleep(configuration.repeats.pause(before: number, part: random()))
            return !Task.isCancelled
        } catch {
            // Cancelled: the error that was to be repeated is the answer.
            return false
        }
    }

    private func once(
        _ action: SQSAction, _ body: [UInt8], timeout: Duration, _ credentials: AWSCredentials?
    ) async throws(SQSClientError) -> JSON {
        var request = HTTPRequest(
            method: "POST", url: configuration.endpoint + "/",
            headers: [
                ("X-Amz-Target", "AmazonSQS.\(action.rawValue)"), ("Content-Type", "application/x-amz-json-1.0"),
            ], body: body, timeout: timeout, keptBytes: SQSCaller.keptBytes)
        if let credentials {
            request.signature = RequestSignature(
                keyID: credentials.keyID, secret: credentials.secret, token: credentials.token,
                region: configuration.region, service: "sqs")
        }
        switch await http.result(of: request) {
        case .failure(let error): throw SQSClientError(error, at: "\(action.rawValue) at \(configuration.endpoint)")
        case .success(let answer): return try SQSCaller.read(answer, action)
        }
    }

    /// Reads an answer of AWS JSON.
    static func read(_ answer: HTTPResponse, _ action: SQSAction) throws(SQSClientError) -> JSON {
        let json = answer.body.isEmpty ? JSON.object([]) : try? JSON(parsing: answer.body)
        if answer.status == 200, !answer.isTruncated, let json, json.members != nil { return json }
        if answer.status == 200 {
            throw SQSClientError(
                SQSClientError.badAnswer, "the answer is no object of JSON, or too long", at: action.rawValue,
                status: 200)
        }
        let shape = json?["__type"]?.text?.split(separator: "#").last.map(String.init)
        let text = json?["message"]?.text ?? json?["Message"]?.text
        throw SQSClientError(
            shape ?? "HTTP\(answer.status)", text ?? "the answer has no text", at: action.rawValue,
            status: answer.status)
    }
}
