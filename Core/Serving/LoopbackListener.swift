package import NIOCore
import NIOHTTP1
import NIOPosix

/// Listens for HTTP/1.1 on 127.0.0.1, for servers that are a few calls in one handler.
package enum LoopbackListener {
    /// Starts to listen; throws NIO's error if the port cannot be used.
    ///
    /// - Parameters:
    ///   - port: 0 picks a free one.
    ///   - handler: makes the handler of a connection, which gets `HTTPServerRequestPart` and writes `HTTPServerResponsePart`.
    package static func bind(
        port: Int, group: any EventLoopGroup, handler: @escaping @Sendable () -> any ChannelHandler
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(handler())
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
    }
}
