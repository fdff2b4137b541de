import Model
import NIOCore
import NIOHTTP1
import NIOPosix

/// Posts the result of a work to the URL that its call has given; tries again for two minutes while nobody takes it.
struct CallbackSender {
    let loop: any EventLoop
    let body: [UInt8]
    let host: String
    let port: Int
    let path: String

    /// How long it tries.
    private static let patience = TimeAmount.seconds(120)
    private static let pause = TimeAmount.milliseconds(200)

    /// For a request with `{"callback": URL, "outputs": {…}}`; nil for anything else. The URL is that of a server on
    /// this machine.
    init?(request: [UInt8], loop: any EventLoop) {
        guard let json = try? JSON(parsing: request), let url = json["callback"]?.text, url.hasPrefix("http://") else {
            return nil
        }
        let rest = url.dropFirst(7)
        let authority = rest.prefix { $0 != "/" }
        let parts = authority.split(separator: ":")
        guard parts.count == 2, let port = Int(parts[1]) else { return nil }
        self.loop = loop
        host = String(parts[0])
        self.port = port
        path = String(rest.dropFirst(authority.count))
        let report: JSON = ["status": "succeeded", "outputs": json["outputs"] ?? .object([])]
        body = report.serialized
    }

    /// Sends after a time.
    func send(after delay: TimeAmount) {
        let end = NIODeadline.now() + delay + CallbackSender.patience
        loop.scheduleTask(in: delay) { attempt(until: end) }
    }

    private func attempt(until end: NIODeadline) {
        let answered = loop.makePromise(of: Int.self)
        ClientBootstrap(group: loop)
            .connectTimeout(.seconds(5))
            .channelInitializer { channel in
                channel.pipeline.addHTTPClientHandlers().flatMapThrowing {
                    try channel.pipeline.syncOperations.addHandler(AnswerHandler(answered))
                }
            }
            .connect(host: host, port: port).whenComplete { result in
                switch result {
                case .failure(let error): answered.fail(error)
                case .success(let channel): write(to: channel, answered)
                }
            }
        answered.futureResult.whenComplete { result in
            // A refusal is final; whatever says that nobody took it is not.
            if case .success(let status) = result, status < 500 { return }
            guard NIODeadline.now() < end else { return }
            loop.scheduleTask(in: CallbackSender.pause) { attempt(until: end) }
        }
    }

    private func write(to channel: any Channel, _ answered: EventLoopPromise<Int>) {
        var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: path)
        head.headers = [
            "Host": "\(host):\(port)", "Content-Type": "application/json", "Content-Length": String(body.count),
            "Connection": "close",
        ]
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil)).whenFailure { answered.fail($0) }
        channel.closeFuture.whenComplete { _ in answered.fail(ChannelError.eof) }
        // A server that says nothing is one that did not take it.
        loop.scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
    }

    /// Takes the status of the answer, and closes.
    private final class AnswerHandler: ChannelInboundHandler, Sendable {
        typealias InboundIn = HTTPClientResponsePart
        private let answered: EventLoopPromise<Int>

        init(_ answered: EventLoopPromise<Int>) { self.answered = answered }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): answered.succeed(Int(head.status.code))
            case .body: break
            case .end: context.close(promise: nil)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
