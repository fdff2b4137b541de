import FoundationEssentials
import Lambda
import Model
import NIOCore
import NIOHTTP1
import Synchronization

/// Reads the calls of one connection to a Runtime API, and writes the answers.
///
/// Version 2018-06-01 ("Using the Lambda runtime API for custom runtimes", AWS documentation). What is not offered, such
/// as extensions, telemetry and SnapStart's `restore`, is answered 404.
final class RuntimeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// In bytes; one more than a response may have is enough to refuse it.
    private static let longestBody = 6_291_556
    private static let lastNumber = Atomic(0)

    private let environment: any RuntimeCalls
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLong = false
    /// The call that is not answered yet.
    private var number: Int?

    init(_ environment: any RuntimeCalls) { self.environment = environment }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            isTooLong = false
            // libcurl waits for this before a body of more than a megabyte.
            if head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" }) {
                let go = HTTPResponseHead(version: head.version, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(go)), promise: nil)
            }
        case .body(let part):
            if body.count + part.readableBytes > RuntimeHandler.longestBody { isTooLong = true }
            // What is too long is read to its end, so that the runtime sees the answer, but not kept.
            if !isTooLong { body.append(contentsOf: part.readableBytesView) }
        case .end(let trailers):
            guard let head else { return }
            self.head = nil
            guard let call = call(head, trailers) else {
                let text = #"{"errorMessage":"There is no such call here","errorType":"NotFound"}"#
                return write(404, [], Array(text.utf8), head, context)
            }
            take(call, head, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let number {
            let environment = environment
            Task { await environment.hungUp(number) }
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The runtime has gone, or sent something that is not HTTP; it gets no answer.
        context.close(promise: nil)
    }

    private func call(_ head: HTTPRequestHead, _ trailers: HTTPHeaders?) -> RuntimeCall? {
        let path = head.uri.prefix { $0 != "?" }.split(separator: "/").map(String.init)
        guard path.count >= 4, path[0] == "2018-06-01", path[1] == "runtime" else { return nil }
        switch (head.method, path[2], path.count) {
        case (.GET, "invocation", 4) where path[3] == "next": return .next
        case (.POST, "init", 4) where path[3] == "error": return .startError(errorBody(head))
        case (.POST, "invocation", 5) where path[4] == "response":
            if isTooLong { return .longResponse(id: path[3]) }
            if let type = trailers?["lambda-runtime-function-error-type"].first {
                let text = trailers?["lambda-runtime-function-error-body"].first ?? ""
                let message = Data(base64Encoded: text).map { String(decoding: $0, as: UTF8.self) } ?? text
                return .failedResponse(id: path[3], type: type, message: message)
            }
            return .response(id: path[3], body)
        case (.POST, "invocation", 5) where path[4] == "error": return .error(id: path[3], errorBody(head))
        default: return nil
        }
    }

    /// What the runtime says, or its type of error alone.
    private func errorBody(_ head: HTTPRequestHead) -> [UInt8] {
        if !body.isEmpty { return body }
        let type = head.headers["lambda-runtime-function-error-type"].first ?? "Unhandled"
        return JSON.object([.init("errorType", .string(type))]).serialized
    }

    private func take(_ call: RuntimeCall, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let number = RuntimeHandler.lastNumber.wrappingAdd(1, ordering: .relaxed).newValue
        self.number = number
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        let reply: @Sendable (RuntimeAnswer) -> Void = { answer in
            loop.execute {
                let (handler, context) = bound.value
                guard handler.number == number else { return }
                handler.number = nil
                handler.write(answer.status, answer.headers, answer.body, head, context)
            }
        }
        let environment = environment
        Task { await environment.take(call, number: number, reply: reply) }
    }

    private func write(
        _ status: Int, _ more: [(name: String, value: String)], _ body: [UInt8], _ request: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        var headers = HTTPHeaders(more.map { ($0.name, $0.value) })
        headers.add(name: "Content-Length", value: String(body.count))
        headers.add(name: "Content-Type", value: "application/json")
        if !request.isKeepAlive { headers.add(name: "Connection", value: "close") }
        let head = HTTPResponseHead(
            version: request.version, status: HTTPResponseStatus(statusCode: status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        let done = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: done)
        guard !request.isKeepAlive else { return }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        done.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
    }
}
