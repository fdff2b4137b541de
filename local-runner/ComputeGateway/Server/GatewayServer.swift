package import HTTP
import Model
import NIOCore
import NIOPosix
import Serving

/// The compute gateway: an HTTP/1.1 server on 127.0.0.1 that transforms tables, and trains, evaluates and registers
/// models, and reports to callback URLs.
package final class GatewayServer: Sendable {
    /// Where a gateway listens and works.
    package struct Configuration: Sendable {
        /// The port on 127.0.0.1; 0 picks a free one, which is the default.
        package var port = 0
        /// Where it keeps artifacts, models and results, and may read files; created if need be. One gateway at a time.
        package var directory: String
        /// Further directories, which exist, where it may read files. Default none.
        package var data: [String] = []
        /// Every work waits so long before it computes. Default none.
        package var delay: Duration = .zero

        /// A gateway on this directory, with the defaults given at each property.
        package init(directory: String) { self.directory = directory }
    }

    /// The port it listens on.
    package let port: Int

    private let claim: DirectoryClaim
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let running: Task<Void, Never>

    /// Starts a gateway. Throws `GatewayError` if a directory cannot be used, and NIO's error if the port cannot be.
    ///
    /// - Parameter http: posts the callbacks; it is the caller's to close.
    package static func start(
        _ configuration: Configuration, http: any HTTPCaller
    ) async throws -> GatewayServer {
        try Disk.makeDirectory(configuration.directory)
        guard let directory = Disk.absolute(configuration.directory) else {
            throw GatewayError.platform("cannot use the directory \(configuration.directory): create it")
        }
        let claim = try DirectoryClaim(directory)
        let gateway = Gateway(
            computation: try Computation(directory: directory, data: [configuration.directory] + configuration.data),
            results: try ResultStore(directory: directory), sender: CallbackSender(http: http),
            delay: configuration.delay)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let channel = try await LoopbackListener.bind(port: configuration.port, group: group) {
                GatewayHandler(gateway)
            }
            return GatewayServer(claim: claim, channel: channel, group: group, running: Task { await gateway.run() })
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    private init(
        claim: DirectoryClaim, channel: any Channel, group: MultiThreadedEventLoopGroup, running: Task<Void, Never>
    ) {
        self.claim = claim
        port = channel.localAddress?.port ?? 0
        self.channel = channel
        self.group = group
        self.running = running
    }

    /// Closes the listening socket and every connection, stops the works, and lets go of the directory. Works without a
    /// result are begun again when their calls are repeated.
    package func stop() async throws {
        try await channel.close().get()
        try await group.shutdownGracefully()
        running.cancel()
        await running.value
        claim.release()
    }
}
