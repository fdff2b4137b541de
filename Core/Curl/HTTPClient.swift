private import Blocking
private import CCurl
private import Glibc
package import HTTP
private import Model
private import Synchronization

/// Makes HTTP calls: hundreds at once, from one thread.
///
/// The first call starts the thread. It ends when the client is released or `close` is called; calls in progress then
/// fail with `.cancelled`.
package final class HTTPClient: HTTPCaller {
    /// Limits and rules for a client's calls.
    package struct Configuration: Sendable {
        /// Calls in progress at once; further ones wait here. Default 512.
        package var maximumConcurrency = 512
        /// Connections to one host, of all HTTP versions together. Default 256.
        package var connectionsPerHost = 256
        /// Limit for connecting, within a call's own timeout. Default 10 s.
        package var connectTimeout: Duration = .seconds(10)
        /// Which addresses calls may go to. Unrestricted by default.
        package var policy: OutboundPolicy = .unrestricted
        /// The `User-Agent` of calls that do not set one.
        package var userAgent = "Headgate/1"
        /// For tests: fixed addresses of host names, in the format of `CURLOPT_RESOLVE` (`name:port:address,address`).
        package var addresses: [String] = []
        /// The defaults given at each property.
        package init() {}
    }

    private let engine: HTTPEngine

    /// A client that has no thread yet.
    package init(_ configuration: Configuration = Configuration()) {
        HTTPClient.initializeOnce
        engine = HTTPEngine(configuration)
    }

    deinit { engine.close() }

    /// Starts a call and returns the token that cancels it. `completion` is called once, on the client's thread, and
    /// must not block.
    @discardableResult
    package func start(_ request: HTTPRequest, _ completion: @escaping @Sendable (HTTPResult) -> Void) -> HTTPCallToken
    {
        engine.submit(request, completion)
    }

    /// Cancels a call: its completion gets `.cancelled`, unless the call has ended.
    package func cancel(_ token: HTTPCallToken) { engine.cancel(token) }

    /// Makes a call and returns its answer, whatever its status. Cancelling the task cancels the call.
    package func execute(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let token = Mutex<HTTPCallToken?>(nil)
        let result: HTTPResult = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let started = engine.submit(request) { continuation.resume(returning: $0) }
                token.withLock { $0 = started }
                if Task.isCancelled { engine.cancel(started) }
            }
        } onCancel: {
            if let started = token.withLock({ $0 }) { engine.cancel(started) }
        }
        return try result.get()
    }

    /// Cancels all calls; later ones fail with `.cancelled`.
    package func close() { engine.close() }

    private static let initializeOnce: Void = {
        // libcurl decodes host names beyond ASCII by the charset of the locale, and refuses them in "C".
        _ = unsafe setlocale(LC_CTYPE, "C.UTF-8")
        precondition(curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, "libcurl could not be initialised")
    }()
}
