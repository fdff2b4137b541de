package import FunctionRuntime
import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Model
import NIOCore
import SQS
import Serving
import Synchronization
import Telemetry

/// Serves an `SQSEndpoint` over HTTP.
package struct SQSServer: Sendable {
    private let runtime: FunctionRuntime
    private let endpoint: SQSEndpoint

    /// In bytes: a batch of the greatest size, percent-encoded or escaped in JSON, and what stands around it.
    private static let longestBody = 4 << 20

    /// A server that does not listen yet.
    package init(_ runtime: FunctionRuntime, endpoint: SQSEndpoint) {
        self.runtime = runtime
        self.endpoint = endpoint
    }

    /// The address or port cannot be listened on; already logged.
    package struct CannotListen: Error {}

    /// Serves until the process is asked to stop.
    package func run(host: String, port: Int, listening: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
        let router = Router(context: SQSContext.self)
        router.get("/healthz") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(string: #"{"status":"ok"}"#)))
        }
        router.get("/readyz") { _, _ in await readiness() }
        router.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4"],
                body: .init(byteBuffer: ByteBuffer(string: await metricsText)))
        }
        router.get("/_headgate/queues/{name}/messages") { request, context in try await peek(request, context) }
        for path in ["/", "/{a}", "/{a}/{b}", "/{a}/{b}/{c}", "/{a}/{b}/{c}/{d}"] {
            for method in [HTTPRequest.Method.get, .post] {
                router.on(RouterPath(path), method: method) { request, context in try await serve(request, context) }
            }
        }
        let logger = runtime.logger
        let isListening = Listening()
        let metrics = runtime.metrics
        let closed: @Sendable (String) -> Void = { part in
            metrics.count(.sqsClosed, labels: "part=\"\(part)\"")
        }
        let app = Application(
            router: router,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [HangUpInstaller(), PatienceHandler(.init(), closed: closed)])),
            configuration: .init(
                address: .hostname(host, port: port), serverName: "Headgate", backlog: ServerLimits.backlog,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    OpenFiles.connections(ServerLimits.connections))),
            onServerRunning: { channel in
                isListening.value.store(true, ordering: .relaxed)
                let port = channel.localAddress?.port ?? port
                logger.info("listening", metadata: ["port": "\(port)"])
                listening(port)
            }, logger: Logger(label: "http") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await endpoint.run() }
            group.addTask {
                await runtime.life.nextRequest()
                await endpoint.endPolls()
            }
            group.addTask { await urgentStop() }
            do {
                try await app.runService()
            } catch  where !isListening.value.load(ordering: .relaxed) {
                logger.critical("cannot listen on \(host):\(port), which --host and --port name: \(error)")
                group.cancelAll()
                throw CannotListen()
            }
            group.cancelAll()
        }
    }

    /// Ends the process at the second request to stop, whatever is under way.
    private func urgentStop() async {
        while !runtime.life.isUrgent, !Task.isCancelled { await runtime.life.nextRequest() }
        if runtime.life.isUrgent { exit(0) }
    }

    /// 200, or 503 while Redis does not answer.
    private func readiness() async -> Response {
        let isReady = await endpoint.isReady
        return Response(
            status: isReady ? .ok : .serviceUnavailable, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: #"{"ready":\#(isReady)}"#)))
    }

    private var metricsText: String {
        get async {
            runtime.metrics.set(.sqsPollsWaiting, Double(await endpoint.waitingPolls))
            return runtime.metrics.text
        }
    }

    private func serve(_ request: Request, _ context: SQSContext) async throws -> Response {
        let start = ContinuousClock.now
        var bytes: [UInt8] = []
        for try await buffer in request.body {
            guard bytes.count + buffer.readableBytes <= SQSServer.longestBody else {
                let answer = endpoint.tooLarge(SQSServer.request(request, []), most: SQSServer.longestBody)
                return SQSServer.response(answer, closes: true)
            }
            bytes += buffer.readableBytesView
        }
        let wire = SQSServer.request(request, bytes)
        // Whoever hangs up during a long poll gets no message.
        let response =
            endpoint.mayWait(wire)
            ? try await context.channel.cancellingOnHangUp { try await endpoint.respond(to: wire) }
            : try await endpoint.respond(to: wire)
        runtime.metrics.observe(.sqsRequestSeconds, [(ContinuousClock.now - start).inSeconds])
        runtime.metrics.count(.sqsRequests, labels: "status=\"\(response.status)\"")
        return SQSServer.response(response, closes: false)
    }

    /// - Parameter closes: the rest of the request is not read.
    private static func response(_ answer: WireResponse, closes: Bool) -> Response {
        var headers = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        if closes { headers[.connection] = "close" }
        return Response(
            status: .init(code: answer.status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: answer.body)))
    }

    private static func request(_ request: Request, _ body: [UInt8]) -> WireRequest {
        var headers = request.headers.map { (name: $0.name.rawName, value: $0.value) }
        if let host = request.head.authority { headers.append(("host", host)) }
        let target = request.head.path ?? "/"
        let sides = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return WireRequest(
            method: request.method.rawValue, path: sides[0], query: sides.count == 2 ? sides[1] : "",
            headers: headers, body: body)
    }

    /// `GET /_headgate/queues/NAME/messages?state=visible|delayed|inFlight`, without any effect on the messages.
    private func peek(_ request: Request, _ context: SQSContext) async throws -> Response {
        guard endpoint.isOpen else {
            throw HTTPError(.forbidden, message: "messages are not shown where keys are configured")
        }
        let name = context.parameters.get("name") ?? ""
        let text = request.uri.queryParameters.get("state") ?? "visible"
        guard let state = SQSMessageState(rawValue: text) else {
            throw HTTPError(.badRequest, message: "state: expected visible, delayed or inFlight, found \(text)")
        }
        let answer: JSON?
        do {
            answer = try await endpoint.peek(name, state, limit: 100)
        } catch {
            throw HTTPError(.serviceUnavailable, message: "the queues cannot be read now")
        }
        guard let answer else { throw HTTPError(.notFound, message: "there is no queue \(name)") }
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: answer.serialized)))
    }
}

private final class Listening: Sendable {
    let value = Atomic(false)
}
