import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

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
    /// to be known, also if that was before.
    func cancellingOnHangUp<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let watch = try await eventLoop.submit {
            try self.pipeline.syncOperations.handler(type: HangUpHandler.self)
        }.get()
        let task = Task { try await body() }
        watch.begin { task.cancel() }
        defer { watch.end() }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}

/// Puts a `HangUpHandler` first into the pipeline of a new connection: handlers behind the first hold the news of a hang-up
/// back until the request is answered.
final class HangUpInstaller: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    func handlerAdded(context: ChannelHandlerContext) {
        do {
            try context.pipeline.syncOperations.addHandler(HangUpHandler(), position: .first)
        } catch {
            // The connection has ended already.
            context.close(promise: nil)
        }
    }
}

/// Remembers that the connection, or its inbound half, has ended, and tells the request that is under way.
///
/// From the connection's beginning: a client may have hung up before its request is served.
final class HangUpHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = NIOAny

    private struct State {
        var isHungUp = false
        var request: (@Sendable () -> Void)?
    }
    private let state = Mutex(State())

    /// Calls back at the hang-up; at once if it was before.
    func begin(_ hungUp: @escaping @Sendable () -> Void) {
        let isHungUp = state.withLock { state in
            state.request = hungUp
            return state.isHungUp
        }
        if isHungUp { hungUp() }
    }

    /// The request is answered.
    func end() { state.withLock { $0.request = nil } }

    private func hangUp() {
        let request = state.withLock { state in
            state.isHungUp = true
            return state.request
        }
        request?()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { hangUp() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        hangUp()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        hangUp()
        context.fireErrorCaught(error)
    }
}
