import HTTPTypes
package import NIOCore
package import NIOHTTPTypes

/// Closes connections whose next request does not arrive in time: its head, its body, or, between requests, its
/// beginning.
///
/// Time counts from the start of each part, not from its last byte: a client that sends a byte a second does not keep
/// its connection.
package final class PatienceHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    /// How long each part of an exchange may take.
    package struct Configuration: Sendable {
        /// From the connection to the end of the first head.
        package var head: Duration = .seconds(10)
        /// From the end of the head to the end of the body.
        package var body: Duration = .seconds(60)
        /// From an answer to the end of the next head.
        package var idle: Duration = .seconds(60)

        /// The defaults given at each property, unless given.
        package init(head: Duration = .seconds(10), body: Duration = .seconds(60), idle: Duration = .seconds(60)) {
            self.head = head
            self.body = body
            self.idle = idle
        }
    }

    private let configuration: Configuration
    private let closed: @Sendable (String) -> Void
    private var timer: Scheduled<Void>?
    private var isReading = false

    /// A handler of one connection.
    ///
    /// - Parameter closed: called for each connection that is closed here, with the part that did not arrive.
    package init(_ configuration: Configuration, closed: @escaping @Sendable (String) -> Void) {
        self.configuration = configuration
        self.closed = closed
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { wait(configuration.head, "head", context) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        wait(configuration.head, "head", context)
        context.fireChannelActive()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isReading = true
            wait(configuration.body, "body", context)
        case .body: break
        case .end:
            isReading = false
            timer?.cancel()
        }
        context.fireChannelRead(data)
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // An early answer, while the request is still arriving, changes nothing: the body keeps its time limit.
        if case .end = unwrapOutboundIn(data), !isReading { wait(configuration.idle, "idle", context) }
        context.write(data, promise: promise)
    }

    private func wait(_ time: Duration, _ part: String, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let bound = NIOLoopBound((context, closed), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: TimeAmount(time)) {
            let (context, closed) = bound.value
            closed(part)
            context.close(promise: nil)
        }
    }
}
