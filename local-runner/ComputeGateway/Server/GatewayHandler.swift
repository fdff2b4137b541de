import Model
import NIOCore
import NIOHTTP1

/// Reads the requests of one connection, with bodies of up to 1 MiB, and writes the answers.
final class GatewayHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let longestBody = 1 << 20

    private let gateway: Gateway
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLong = false

    init(_ gateway: Gateway) { self.gateway = gateway }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            isTooLong = false
        case .body(let part):
            // What is too long is read to its end, so that the client sees the answer, but not kept.
            if body.count + part.readableBytes > GatewayHandler.longestBody { isTooLong = true }
            if !isTooLong { body.append(contentsOf: part.readableBytesView) }
        case .end:
            guard let head else { return }
            self.head = nil
            respond(head, answer(head), context: context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The client went away, or sent something that is not HTTP; it gets no answer.
        context.close(promise: nil)
    }

    private func answer(_ head: HTTPRequestHead) -> GatewayAnswer {
        guard !isTooLong else {
            return .error(413, "the body is longer than \(GatewayHandler.longestBody) bytes: send references, not data")
        }
        return gateway.answer(
            GatewayRequest(
                method: head.method.rawValue, path: String(head.uri.prefix { $0 != "?" }),
                key: head.headers["idempotency-key"].first, stepID: head.headers["headgate-step"].first, body: body))
    }

    private func respond(_ head: HTTPRequestHead, _ answer: GatewayAnswer, context: ChannelHandlerContext) {
        let bytes = answer.json.serialized
        var headers = HTTPHeaders()
        headers.add(name: "Content-Length", value: String(bytes.count))
        headers.add(name: "Content-Type", value: "application/json")
        if answer.status == 503 { headers.add(name: "Retry-After", value: "1") }
        if !head.isKeepAlive { headers.add(name: "Connection", value: "close") }
        let response = HTTPResponseHead(
            version: head.version, status: HTTPResponseStatus(statusCode: answer.status), headers: headers)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        // The answer to HEAD has none (RFC 9110, 9.3.2).
        if head.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        }
        let done = context.write(wrapOutboundOut(.end(nil)))
        guard !head.isKeepAlive else { return }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        done.whenComplete { _ in bound.value.close(promise: nil) }
    }
}
