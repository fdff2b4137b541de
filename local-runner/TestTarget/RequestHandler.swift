import Model
import NIOCore
import NIOHTTP1

/// Answers the requests of one connection. Bodies are read and dropped, unless they are to be echoed.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let log: RequestLog
    private let now: @Sendable () -> Timestamp
    private var head: HTTPRequestHead?
    private var behaviour = Behaviour.answer(status: 200)
    private var body: [UInt8] = []

    init(log: RequestLog, now: @escaping @Sendable () -> Timestamp) {
        self.log = log
        self.now = now
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            behaviour = Behaviour(uri: head.uri)
            if case .authorize(let token) = behaviour {
                let isRight = head.headers["authorization"].first == "Bearer \(token)"
                behaviour = .answer(status: isRight ? 200 : 401)
            }
            body.removeAll(keepingCapacity: true)
        case .body(let part):
            if keepsBody { body.append(contentsOf: part.readableBytesView) }
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context: context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The client went away, or sent something that is not HTTP; it gets no answer.
        context.close(promise: nil)
    }

    private var keepsBody: Bool {
        switch behaviour {
        case .echo, .report: true
        default: false
        }
    }

    private func answer(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        switch behaviour {
        case .statistics: return respond(head, 200, log.statistics.json, context: context)
        case .recent(let number):
            return respond(head, 200, .array(log.recent(after: number).map(\.json)), context: context)
        case .reset:
            log.reset()
            return respond(head, 200, nil, context: context)
        default: break
        }
        let status = log.record(
            behaviour, path: String(head.uri.prefix { $0 != "?" }), key: head.headers["idempotency-key"].first ?? "",
            fireTime: head.headers["headgate-fire-time"].first ?? "", at: now())
        switch behaviour {
        case .close: context.close(promise: nil)
        case .delay(let delay):
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .nanoseconds(delay.microseconds * 1_000)) {
                let (handler, context) = bound.value
                handler.respond(head, status, nil, context: context)
                context.flush()
            }
        case .report(let delay):
            guard let sender = CallbackSender(request: body, loop: context.eventLoop) else {
                return respond(head, 400, ["error": "expected {\"callback\": URL, \"outputs\": {…}}"], context: context)
            }
            sender.send(after: .nanoseconds(delay.microseconds * 1_000))
            respond(head, status, nil, context: context)
        case .echo: respond(head, status, echo(head), context: context)
        case .putOff(let seconds) where status != 200:
            respond(head, status, nil, retryAfter: seconds, context: context)
        default: respond(head, status, nil, context: context)
        }
    }

    private func echo(_ head: HTTPRequestHead) -> JSON {
        let text = String(decoding: body, as: UTF8.self)
        let headers = head.headers.map { JSON.Member($0.name.lowercased(), .string($0.value)) }
        return [
            "method": .string(head.method.rawValue), "uri": .string(head.uri), "headers": .object(headers),
            "body": .string(text),
        ]
    }

    private func respond(
        _ head: HTTPRequestHead, _ status: Int, _ json: JSON?, retryAfter: Int? = nil, context: ChannelHandlerContext
    ) {
        guard context.channel.isActive else { return }
        let bytes = json?.serialized ?? []
        var headers = HTTPHeaders()
        headers.reserveCapacity(3)
        // 204 and 304 have no body and no length (RFC 9110, 8.6).
        if status != 204 && status != 304 { headers.add(name: "Content-Length", value: String(bytes.count)) }
        if json != nil { headers.add(name: "Content-Type", value: "application/json") }
        if let retryAfter { headers.add(name: "Retry-After", value: String(retryAfter)) }
        if !head.isKeepAlive { headers.add(name: "Connection", value: "close") }
        let response = HTTPResponseHead(
            version: head.version, status: HTTPResponseStatus(statusCode: status), headers: headers)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        if !bytes.isEmpty && status != 204 && status != 304 {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        }
        let isLast = !head.isKeepAlive
        let done = context.write(wrapOutboundOut(.end(nil)))
        if isLast {
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            done.whenComplete { _ in bound.value.close(promise: nil) }
        }
    }
}
