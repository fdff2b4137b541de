private import Blocking
private import CCurl
package import HTTP
private import Model
private import Synchronization

/// Makes HTTP calls: hundreds at once, from one thread.
///
/// The thread is started by the first call and ends when the client is released or `close` is called; calls still under way
/// then fail with `.cancelled`.
package final class HTTPClient: HTTPCaller {
    package struct Configuration: Sendable {
        /// Calls under way at once; further ones wait their turn here.
        package var maximumConcurrency = 512
        /// Connections to one host, of all HTTP versions.
        package var connectionsPerHost = 256
        package var connectTimeout: Duration = .seconds(10)
        package var policy: OutboundPolicy = .unrestricted
        package var userAgent = "Headgate/1"
        /// For tests: addresses of names, as `name:port:address,address`, which are not looked up.
        package var addresses: [String] = []
        package init() {}
    }

    private let engine: HTTPEngine

    package init(_ configuration: Configuration = Configuration()) {
        HTTPClient.initializeOnce
        engine = HTTPEngine(configuration)
    }

    deinit { engine.close() }

    /// Starts a call; `completion` is called once, on the client's thread, and must not block.
    ///
    /// The token cancels it.
    @discardableResult
    package func start(_ request: HTTPRequest, _ completion: @escaping @Sendable (HTTPResult) -> Void) -> HTTPCallToken
    {
        engine.submit(request, completion)
    }

    /// Cancels a call; its completion then says `.cancelled`, unless it had ended.
    package func cancel(_ token: HTTPCallToken) { engine.cancel(token) }

    /// Makes a call. Cancelling the task cancels the call.
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

    package func close() { engine.close() }

    private static let initializeOnce: Void = {
        precondition(curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, "libcurl could not be initialised")
    }()
}
