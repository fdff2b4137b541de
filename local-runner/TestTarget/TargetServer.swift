package import Model
import NIOCore
import NIOHTTP1
import NIOPosix

/// The test target: an HTTP/1.1 server on 127.0.0.1, on a single thread, that answers as `Behaviour` says and keeps a
/// `RequestLog`.
package final class TargetServer: Sendable {
    /// The port it listens on.
    package let port: Int
    /// What it has seen.
    package let log: RequestLog

    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let flushing: RepeatedTask?

    /// Starts a server. Throws if the port is in use or the log file cannot be opened.
    ///
    /// - Parameters:
    ///   - port: 0 picks a free one.
    ///   - now: the clock of the log.
    package static func start(
        port: Int, logFile: String? = nil, now: @escaping @Sendable () -> Timestamp
    ) async throws -> TargetServer {
        let file = try logFile.map { path throws in try LogFile(path: path) }
        let log = RequestLog(file: file)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let channel = try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 1_024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let load = LoadHandler(log: log, now: now) { context in
                            let pipeline = context.pipeline.syncOperations
                            try pipeline.configureHTTPServerPipeline()
                            try pipeline.addHandler(RequestHandler(log: log, now: now))
                        }
                        try channel.pipeline.syncOperations.addHandler(load)
                    }
                }
                .bind(host: "127.0.0.1", port: port).get()
            let flushing = file.map { file in
                group.next().scheduleRepeatedTask(initialDelay: .milliseconds(100), delay: .milliseconds(100)) { _ in
                    file.flush()
                }
            }
            return TargetServer(channel: channel, log: log, group: group, flushing: flushing)
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    private init(
        channel: any Channel, log: RequestLog, group: MultiThreadedEventLoopGroup, flushing: RepeatedTask?
    ) {
        self.port = channel.localAddress?.port ?? 0
        self.channel = channel
        self.log = log
        self.group = group
        self.flushing = flushing
    }

    /// Closes the listening socket and every connection.
    package func stop() async throws {
        flushing?.cancel()
        try await channel.close().get()
        try await group.shutdownGracefully()
    }
}
