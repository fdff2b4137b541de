import Lambda
import NIOCore
import NIOPosix
import Serving

/// The Runtime API of one execution environment: an HTTP server on a port of its own on 127.0.0.1.
struct RuntimeServer: Sendable {
    let port: Int
    private let channel: any Channel

    /// Starts to listen. `environment` gets the calls.
    static func start(_ environment: any RuntimeCalls) async throws -> RuntimeServer {
        let channel = try await LoopbackListener.bind(port: 0, group: MultiThreadedEventLoopGroup.singleton) {
            RuntimeHandler(environment)
        }
        return RuntimeServer(port: channel.localAddress?.port ?? 0, channel: channel)
    }

    /// Stops to listen. Connections end with the processes that have them.
    func stop() { channel.close(promise: nil) }
}

/// Who answers the calls of a Runtime API.
protocol RuntimeCalls: Sendable {
    /// Takes a call under a number that is not used again; `reply` is called once, later, or never if it is hung up.
    func take(_ call: RuntimeCall, number: Int, reply: @escaping @Sendable (RuntimeAnswer) -> Void) async
    /// The connection of a call that is not answered has been closed.
    func hungUp(_ number: Int) async
}

/// A call of the Runtime API.
enum RuntimeCall: Sendable {
    case next
    case response(id: String, [UInt8])
    /// Longer than is read.
    case longResponse(id: String)
    /// A streamed response whose trailers tell of an error.
    case failedResponse(id: String, type: String, message: String)
    case error(id: String, [UInt8])
    case startError([UInt8])
}
