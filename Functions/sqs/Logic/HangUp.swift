import HTTPTypes
import Hummingbird
import NIOCore

/// A request's context that knows its connection.
struct SQSContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

extension Channel {
    /// Carries out a long request; cancels it when the client closes the connection or its sending half, whichever comes
    /// to be known.
    ///
    /// The handler stands first in the pipeline: those behind it hold the news back until the request is answered.
    func cancellingOnHangUp<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await body() }
        let handler = HangUpHandler { task.cancel() }
        let bound: NIOLoopBound<HangUpHandler>
        do {
            bound = try await eventLoop.submit {
                try self.pipeline.syncOperations.addHandler(handler, position: .first)
                return NIOLoopBound(handler, eventLoop: self.eventLoop)
            }.get()
        } catch {
            // The connection has ended already.
            task.cancel()
            _ = await task.result
            throw error
        }
        let result = await withTaskCancellationHandler {
            await task.result
        } onCancel: {
            task.cancel()
        }
        // A connection that is closed has no pipeline any more.
        _ = try? await eventLoop.flatSubmit { self.pipeline.syncOperations.removeHandler(bound.value) }.get()
        return try result.get()
    }
}

/// Calls back when the connection ends, or its inbound half.
private final class HangUpHandler: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = NIOAny

    private let hungUp: @Sendable () -> Void

    init(_ hungUp: @escaping @Sendable () -> Void) { self.hungUp = hungUp }

    func handlerAdded(context: ChannelHandlerContext) {
        if !context.channel.isActive { hungUp() }
    }

    /// At the end of the connection, or of the request, where it changes nothing.
    func handlerRemoved(context: ChannelHandlerContext) { hungUp() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { hungUp() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        hungUp()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        hungUp()
        context.fireErrorCaught(error)
    }
}
