internal import CCurl
private import Glibc
internal import HTTP
private import Model

/// Owns a curl easy handle and what belongs to the call it makes. Used on the engine's thread only.
@safe final class HTTPTransfer {
    let handle: UnsafeMutableRawPointer
    private let connections: ConnectionTable
    private let policy: OutboundPolicy
    private let configuration: HTTPClient.Configuration
    private var submission: HTTPEngine.Submission?
    private var headerList = HeaderList()
    private var addresses = HeaderList()
    /// The kind of request the handle is configured for; a call of the same kind sets only what differs.
    private var shape: Shape?
    /// The status of the answer being received; 0 before its first line. After a 1xx another answer follows.
    private var status = 0
    private var headers = HeaderLines()
    private var isHeadEnded = false
    private var body: [UInt8] = []
    private var readBytes = 0
    /// More of the body has arrived than the request reads; the transfer is ended.
    private var hasReadEnough = false
    /// How many of the target's addresses the policy refused.
    private var refusedAddresses = 0
    private var beganAt = ContinuousClock.now
    /// The sockets opened for this call.
    private var opened: [Int32] = []
    /// The connection that the request is sent on.
    private var connection: ConnectionTable.Use?
    /// `CURLINFO_NUM_CONNECTS` when a request was last about to be sent.
    private var connects = 0
    /// Why a request that was about to be sent was held back.
    private var refusal: Refusal?
    /// Whether libcurl ever came to the point of sending.
    private var hasHadConnection = false
    /// Whether the call was restarted on a new connection.
    private var isFresh = false

    private enum Refusal {
        /// The reused connection has unread data: the call is restarted on a new one.
        case unexpectedData
        /// libcurl was about to resend the request after part or all of it had gone to a connection that then closed.
        /// The target may have it: whether to repeat it is the caller's decision.
        case repetition
    }

    init(_ configuration: HTTPClient.Configuration, connections: ConnectionTable) {
        guard let handle = unsafe curl_easy_init() else { preconditionFailure("out of memory") }
        unsafe self.handle = handle
        self.configuration = configuration
        self.connections = connections
        policy = configuration.policy
    }

    deinit { unsafe curl_easy_cleanup(handle) }

    var token: HTTPCallToken { submission!.token }

    static func owner(of handle: UnsafeMutableRawPointer) -> HTTPTransfer {
        var context: UnsafeMutableRawPointer?
        unsafe headgate_curl_get_pointer(handle, CURLINFO_PRIVATE, &context)
        return unsafe Unmanaged<HTTPTransfer>.fromOpaque(context!).takeUnretainedValue()
    }

    /// The properties of a request that decide which libcurl options are set.
    private struct Shape: Equatable {
        var method: String
        var hasBody: Bool
        /// A handle that has signed keeps the key until it is reset.
        var isSigned: Bool
    }

    /// Sets the handle up for a call. An error means that the call cannot be made.
    func begin(_ submission: HTTPEngine.Submission) -> HTTPError? {
        self.submission = submission
        body = []
        readBytes = 0
        hasReadEnough = false
        refusedAddresses = 0
        beganAt = .now
        isFresh = false
        hasHadConnection = false
        startOver()
        let request = submission.request
        let hasNUL = unsafe request.url.utf8.withContiguousStorageIfAvailable { unsafe $0.contains(0) }
        guard !(hasNUL ?? request.url.utf8.contains(0)) else {
            return HTTPError(.invalid, "the URL contains a NUL byte")
        }
        set(Shape(method: request.method, hasBody: request.body != nil, isSigned: request.signature != nil))
        unsafe headgate_curl_set_text(handle, CURLOPT_URL, HTTPRequest.encoded(request.url))
        unsafe headgate_curl_set_long(handle, CURLOPT_FRESH_CONNECT, 0)
        unsafe headgate_curl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(max(1, request.timeout.milliseconds)))
        if let body = request.body {
            unsafe headgate_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, body.count)
            _ = unsafe body.withUnsafeBytes { bytes in
                unsafe headgate_curl_set_pointer(
                    handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress ?? emptyBytes))
            }
        }
        unsafe headgate_curl_set_headers(handle, headerList.fill(headers(of: request)))
        return nil
    }

    /// Has libcurl sign the request if it is to be signed. Returns its headers.
    private func headers(of request: HTTPRequest) -> [(name: String, value: String)] {
        guard let signature = request.signature else { return request.headers }
        precondition(request.isSignable, "libcurl 7.88 signs only POST / as AWS does")
        unsafe headgate_curl_set_text(handle, CURLOPT_AWS_SIGV4, "aws:amz:\(signature.region):\(signature.service)")
        // Not CURLOPT_USERPWD, which would cut a key id at a colon.
        unsafe headgate_curl_set_text(handle, CURLOPT_USERNAME, signature.keyID)
        unsafe headgate_curl_set_text(handle, CURLOPT_PASSWORD, signature.secret)
        return request.headers + (signature.token.map { [("X-Amz-Security-Token", $0)] } ?? [])
    }

    /// Prepares the call to start again on a new connection if the chosen one was unusable and nothing had been sent.
    /// Returns whether it did.
    func restartOnFreshConnection() -> Bool {
        guard case .unexpectedData = refusal, !isFresh, let submission else { return false }
        startOver()
        isFresh = true
        unsafe headgate_curl_set_long(handle, CURLOPT_FRESH_CONNECT, 1)
        let left = submission.request.timeout - (.now - beganAt)
        unsafe headgate_curl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(max(1, left.milliseconds)))
        return true
    }

    private func startOver() {
        status = 0
        headers.removeAll()
        isHeadEnded = false
        opened.removeAll(keepingCapacity: true)
        connects = 0
        refusal = nil
    }

    /// Sets what all calls of a shape share, unless the handle was last used for the same shape.
    private func set(_ shape: Shape) {
        if shape == self.shape { return }
        self.shape = shape
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe curl_easy_reset(handle)
        unsafe headgate_curl_set_pointer(handle, CURLOPT_PRIVATE, context)
        unsafe headgate_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        // No proxy from the environment: the policy checks the address that is connected to.
        unsafe headgate_curl_set_text(handle, CURLOPT_PROXY, "")
        unsafe headgate_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        unsafe headgate_curl_set_long(
            handle, CURLOPT_CONNECTTIMEOUT_MS, Int(max(1, configuration.connectTimeout.milliseconds)))
        unsafe headgate_curl_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        unsafe headgate_curl_set_text(handle, CURLOPT_USERAGENT, configuration.userAgent)
        unsafe headgate_curl_set_write(handle, receiveBody, context)
        unsafe headgate_curl_set_header(handle, receiveHeader, context)
        unsafe headgate_curl_set_open(handle, openSocket, context)
        // A connection outlives the call that it was opened for.
        unsafe headgate_curl_set_close(handle, closeSocket, Unmanaged.passUnretained(connections).toOpaque())
        unsafe headgate_curl_set_before_request(handle, beforeRequest, context)
        if !configuration.addresses.isEmpty {
            unsafe headgate_curl_set_addresses(handle, addresses.fill(lines: configuration.addresses))
        }
        if !shape.hasBody {
            if shape.method == "HEAD" {
                unsafe headgate_curl_set_long(handle, CURLOPT_NOBODY, 1)
                return
            }
            if shape.method == "POST" || shape.method == "PUT" || shape.method == "PATCH" {
                unsafe headgate_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, 0)
                unsafe headgate_curl_set_text(handle, CURLOPT_POSTFIELDS, "")
            }
        }
        unsafe headgate_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, shape.method)
    }

    func result(_ code: CURLcode) -> HTTPResult {
        if code != CURLE_OK && !hasReadEnough { return .failure(error(code)) }
        // libcurl treats a closed connection as the end of the headers.
        guard let answer, isHeadEnded else {
            return .failure(
                HTTPError(
                    .broken, "the connection closed before the headers of the answer were complete", answer: answer))
        }
        return .success(answer)
    }

    /// The result of a call that is given up now.
    var cancelled: HTTPResult { .failure(HTTPError(.cancelled, HTTPError.cancelled.message, answer: answer)) }

    /// The final answer as far as it has arrived; nil before its status line.
    private var answer: HTTPResponse? {
        if status < 200 { return nil }
        return HTTPResponse(
            status: status, headerLines: headers.bytes, body: body, totalBytes: readBytes,
            duration: .now - beganAt)
    }

    func finish(_ result: HTTPResult) {
        leaveConnection()
        let submission = submission
        self.submission = nil
        submission?.completion(result)
    }

    private func error(_ code: CURLcode) -> HTTPError {
        if code == CURLE_COULDNT_CONNECT, refusedAddresses > 0, opened.isEmpty {
            return HTTPError(.forbidden, "the target's address is not one that calls may go to")
        }
        if case .repetition = refusal {
            return HTTPError(.broken, "the connection closed after the request had been sent")
        }
        let isConnected = !opened.isEmpty || hasHadConnection
        // libcurl reports a greeting that is not HTTP as an unsupported protocol.
        let text =
            isConnected && code == CURLE_UNSUPPORTED_PROTOCOL
            ? "the answer is not HTTP" : unsafe String(cString: curl_easy_strerror(code))
        return HTTPError(.init(curl: Int(code.rawValue), isConnected: isConnected), text, answer: answer)
    }

    // MARK: libcurl callbacks

    /// Called just before the request is sent: claims the connection, which may be left over from an earlier call, or
    /// sets `refusal` and returns false.
    func claimConnection(_ endpoints: ConnectionTable.Endpoints) -> Bool {
        leaveConnection()
        hasHadConnection = true
        var connects = 0
        var sentBytes = 0
        unsafe headgate_curl_get_long(handle, CURLINFO_NUM_CONNECTS, &connects)
        unsafe headgate_curl_get_long(handle, CURLINFO_REQUEST_SIZE, &sentBytes)
        if sentBytes > 0 {
            refusal = .repetition
            return false
        }
        let isNew = connects > self.connects
        self.connects = connects
        if isNew { connections.connected(opened, endpoints) }
        guard let socket = connections.socket(endpoints) else { return true }
        if !isNew, connections.hasUnexpectedData(socket) {
            refusal = .unexpectedData
            return false
        }
        connection = connections.begin(on: socket)
        return true
    }

    private func leaveConnection() {
        guard let used = connection else { return }
        connection = nil
        var version = 0
        unsafe headgate_curl_get_long(handle, CURLINFO_HTTP_VERSION, &version)
        connections.end(used, isMultiplexed: version >= Int(CURL_HTTP_VERSION_2_0))
    }

    /// Keeps part of the body. Returns whether more is wanted.
    func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let request = submission?.request
        let room = (request?.keptBytes ?? 0) - body.count
        if room > 0 { unsafe body.append(contentsOf: bytes.prefix(room)) }
        readBytes += bytes.count
        hasReadEnough = readBytes > request?.readBytes ?? .max
        return !hasReadEnough
    }

    func appendHeader(_ bytes: UnsafeRawBufferPointer) {
        if status < 200, let next = unsafe HeaderLines.status(bytes) {
            // A new answer begins, after "100 Continue" for example.
            headers.removeAll()
            status = next
        } else if unsafe bytes.first == 13 || bytes.first == 10 {
            isHeadEnded = status >= 200
        } else {
            unsafe headers.append(bytes)
        }
    }

    func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let target = unsafe address.pointee
        if policy != .unrestricted {
            guard let ip = unsafe ipAddress(of: address), policy.permits(ip) else {
                refusedAddresses += 1
                return CURL_SOCKET_BAD
            }
        }
        let socket = connections.open(target.family, target.socktype, target.protocol)
        if socket >= 0 { opened.append(socket) }
        return socket
    }
}

private nonisolated(unsafe) let emptyBytes: UnsafeRawPointer = {
    // The address of an empty body; never written and never freed.
    UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
}()

private func ipAddress(of target: UnsafeMutablePointer<curl_sockaddr>) -> IPAddress? {
    // The type declares 16 bytes of address; behind the pointer libcurl has room for the longest one.
    let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr)!
    let bytes = unsafe UnsafeRawPointer(target) + offset
    switch unsafe target.pointee.family {
    case AF_INET: return unsafe IPAddress(bytes: Array(UnsafeRawBufferPointer(start: bytes + 4, count: 4)))
    case AF_INET6: return unsafe IPAddress(bytes: Array(UnsafeRawBufferPointer(start: bytes + 8, count: 16)))
    default: return nil
    }
}
