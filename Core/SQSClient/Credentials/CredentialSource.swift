private import FoundationEssentials
package import HTTP
package import Model

/// The credentials of this process, kept fresh.
///
/// They are read when first asked for, and again 5 minutes before they end, by one reader at a time; who asks meanwhile
/// waits for it. If a refresh fails, the old ones go on while they are valid, and the next refresh waits 10 s.
package actor CredentialSource {
    private let load: @Sendable () async throws(SQSClientError) -> AWSCredentials
    private let clock: @Sendable () -> Timestamp
    private let report: @Sendable (String) -> Void
    private var held: AWSCredentials?
    private var refresh: Task<Result<AWSCredentials, SQSClientError>, Never>?
    private var lastFailure: Timestamp?

    private static let pause = Duration.seconds(10)

    /// A source that reads by `load`.
    ///
    /// - Parameters:
    ///   - clock: the host's.
    ///   - report: told of each refresh that failed while the old credentials go on.
    package init(
        clock: @escaping @Sendable () -> Timestamp, report: @escaping @Sendable (String) -> Void = { _ in },
        load: @escaping @Sendable () async throws(SQSClientError) -> AWSCredentials
    ) {
        self.load = load
        self.clock = clock
        self.report = report
    }

    /// A source of the credentials at this place; a container's endpoint is asked through `http`.
    package init(
        _ place: CredentialPlace, http: any HTTPCaller, clock: @escaping @Sendable () -> Timestamp,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.init(clock: clock, report: report) { () async throws(SQSClientError) -> AWSCredentials in
            try await place.read(http)
        }
    }

    /// Forgets credentials that the service has refused, so that the next call reads new ones. Those that have been replaced
    /// meanwhile stay.
    package func forget(_ refused: AWSCredentials) {
        if held == refused { held = nil }
    }

    /// Credentials that are valid now. Throws `NoCredentials` if there are none.
    package func current() async throws(SQSClientError) -> AWSCredentials {
        let now = clock()
        if let held, held.isValid(at: now) {
            if !held.isDue(at: now) { return held }
            if let lastFailure, now - lastFailure < CredentialSource.pause { return held }
        }
        // Not a child of this call: others wait for it too, and go on waiting if this one is cancelled.
        let task =
            refresh
            ?? Task { [load] in
                do throws(SQSClientError) {
                    return .success(try await load())
                } catch {
                    return .failure(error)
                }
            }
        refresh = task
        let result = await task.value
        // Whoever is woken first takes note of it.
        if refresh == task {
            refresh = nil
            switch result {
            case .success(let fresh): (held, lastFailure) = (fresh, nil)
            case .failure(let error):
                lastFailure = clock()
                report("credentials are not refreshed: \(error)")
            }
        }
        if case .failure = result, let held, held.isValid(at: clock()) { return held }
        return try result.get()
    }
}

extension CredentialPlace {
    /// Reads the credentials.
    func read(_ http: any HTTPCaller) async throws(SQSClientError) -> AWSCredentials {
        switch self {
        case .environment(let credentials): return credentials
        case .file(let path, let profile):
            return try AWSCredentials(file: try CredentialPlace.text(path), profile: profile, path: path)
        case .container(let url, let authorization):
            var headers = [(name: "Accept", value: "application/json")]
            switch authorization {
            case .token(let token)?: headers.append(("Authorization", try CredentialPlace.header(token)))
            case .file(let path)?:
                headers.append(("Authorization", try CredentialPlace.header(try CredentialPlace.text(path))))
            case nil: break
            }
            let request = HTTPRequest(url: url, headers: headers, timeout: .seconds(5), keptBytes: 65_536)
            switch await http.result(of: request) {
            case .failure(let error): throw SQSClientError(error, at: "container credentials")
            case .success(let answer) where answer.status == 200:
                return try AWSCredentials(containerAnswer: answer.body)
            case .success(let answer):
                throw SQSClientError(
                    SQSClientError.noCredentials, "the answer has the status \(answer.status)",
                    at: "container credentials")
            }
        }
    }

    private static func text(_ path: String) throws(SQSClientError) -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw SQSClientError(
                SQSClientError.noCredentials,
                "\(path) cannot be read: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name another file with AWS_SHARED_CREDENTIALS_FILE",
                at: "credentials file")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A value that ends no header line.
    private static func header(_ text: String) throws(SQSClientError) -> String {
        let line = text.split(whereSeparator: \.isNewline)
        guard line.count == 1 else {
            throw SQSClientError(
                SQSClientError.noCredentials, "the authorization token must be one line", at: "container credentials")
        }
        return String(line[0])
    }
}
