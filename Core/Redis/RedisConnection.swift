internal import Blocking
private import CHiredis
private import Glibc
private import Model

/// One connection to Redis, on a thread of its own; calls run one after another, and each may carry many commands.
///
/// A broken connection is replaced by the next call. A failed call is not repeated: whether it took effect is unknown,
/// and only its caller knows whether repeating is safe.
package actor RedisConnection {
    /// Time limits of a connection.
    package struct Configuration: Sendable {
        /// Limit for connecting. Default 2 s.
        package var connectTimeout: Duration = .seconds(2)
        /// Limit for a call, on top of a blocking command's own wait. Default 10 s.
        package var callTimeout: Duration = .seconds(10)
        /// Two seconds to connect, ten for a call.
        package init() {}
    }

    /// The server's address and credentials.
    package nonisolated let url: RedisURL
    private let configuration: Configuration
    private let executor: ThreadExecutor
    private var context: RedisContext?

    /// The connection's own thread, where blocking hiredis calls run.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// A connection that connects, authenticates and selects its database at its first call.
    package init(url: RedisURL, configuration: Configuration = Configuration()) {
        self.url = url
        self.configuration = configuration
        executor = ThreadExecutor(name: "redis")
    }

    /// Sends the commands in one write and returns their replies, in order. An error reply of the server is returned,
    /// not thrown.
    ///
    /// - Parameter wait: how long a blocking command among them may wait, on top of `callTimeout`.
    package func call(_ commands: [RedisCommand], wait: Duration = .zero) throws(RedisError) -> [RedisReply] {
        let context = try connected()
        do throws(RedisError) {
            try context.setTimeout(configuration.callTimeout + wait)
            for command in commands { try context.append(command) }
            var replies: [RedisReply] = []
            replies.reserveCapacity(commands.count)
            for _ in commands { replies.append(try context.reply()) }
            // Reconnect next time, perhaps to the new master.
            if replies.contains(where: \.isOfWrongServer) { self.context = nil }
            return replies
        } catch {
            self.context = nil
            throw error
        }
    }

    /// What the server sends by itself on a connection that has subscribed, as soon as there is something; empty if nothing
    /// comes in this time.
    func pushed(within time: Duration) throws(RedisError) -> [RedisReply] {
        guard let context else { throw RedisError(.disconnected, "the subscription's connection is closed") }
        do throws(RedisError) {
            return try context.pushed(within: time)
        } catch {
            self.context = nil
            throw error
        }
    }

    /// Sends a command whose reply `pushed` returns.
    func post(_ command: RedisCommand) throws(RedisError) {
        guard let context else { throw RedisError(.disconnected, "the subscription's connection is closed") }
        do throws(RedisError) {
            try context.append(command)
            try context.flush()
        } catch {
            self.context = nil
            throw error
        }
    }

    /// The server's id of this connection, for `CLIENT UNBLOCK`.
    package func clientID() throws(RedisError) -> Int {
        if let id = try connected().clientID { return id }
        guard let id = try call([RedisCommand("CLIENT", "ID")])[0].checked().int else {
            throw RedisError(.unexpectedReply, "CLIENT ID")
        }
        context?.clientID = id
        return id
    }

    /// Closes the connection; the next call opens another.
    package func close() { context = nil }

    private func connected() throws(RedisError) -> RedisContext {
        // A server that closed an idle connection has failed no call.
        if let context, context.isOpen { return context }
        let context = try RedisContext(url: url, timeout: configuration.connectTimeout)
        try context.setTimeout(configuration.callTimeout)
        if let password = url.password {
            var command = RedisCommand("AUTH")
            if let user = url.user { command.append(user) }
            command.append(password)
            try context.append(command)
            _ = try context.reply().checked()
        }
        if url.database != 0 {
            try context.append(RedisCommand("SELECT", String(url.database)))
            _ = try context.reply().checked()
        }
        self.context = context
        return context
    }
}

/// Owns a hiredis context. Used by one actor only.
@safe private final class RedisContext {
    private let context: UnsafeMutablePointer<redisContext>
    var clientID: Int?

    init(url: RedisURL, timeout: Duration) throws(RedisError) {
        guard let context = unsafe headgate_redis_connect(url.host, Int32(url.port), Int(timeout.milliseconds)) else {
            throw RedisError(.disconnected, "out of memory")
        }
        guard unsafe context.pointee.err == 0 else {
            let error = unsafe RedisContext.error(of: context)
            unsafe redisFree(context)
            throw RedisError(.disconnected, "\(url.host):\(url.port): \(error.message)")
        }
        unsafe self.context = context
    }

    deinit { unsafe redisFree(context) }

    /// False if the server has closed the idle connection, so that there is an end of file to read.
    var isOpen: Bool {
        var byte: UInt8 = 0
        return unsafe recv(context.pointee.fd, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) != 0
    }

    func setTimeout(_ timeout: Duration) throws(RedisError) {
        guard unsafe headgate_redis_set_timeout(context, Int(timeout.milliseconds)) == REDIS_OK else {
            throw unsafe RedisContext.error(of: context)
        }
    }

    func append(_ command: RedisCommand) throws(RedisError) {
        for part in [command.prefix, command.arguments] {
            let code = unsafe part.withUnsafeBytes { bytes in
                unsafe redisAppendFormattedCommand(
                    context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
            }
            guard code == REDIS_OK else { throw unsafe RedisContext.error(of: context) }
        }
    }

    func reply() throws(RedisError) -> RedisReply {
        var raw: UnsafeMutableRawPointer?
        guard unsafe redisGetReply(context, &raw) == REDIS_OK, let raw = unsafe raw else {
            throw unsafe RedisContext.error(of: context)
        }
        defer { unsafe freeReplyObject(raw) }
        return unsafe RedisContext.convert(raw.assumingMemoryBound(to: redisReply.self))
    }

    /// Writes what was appended.
    func flush() throws(RedisError) {
        var isDone: Int32 = 0
        while isDone == 0 {
            guard unsafe redisBufferWrite(context, &isDone) == REDIS_OK else {
                throw unsafe RedisContext.error(of: context)
            }
        }
    }

    /// Replies to no command, as soon as there are any; empty if none comes in this time.
    func pushed(within time: Duration) throws(RedisError) -> [RedisReply] {
        let buffered = try bufferedReplies()
        if !buffered.isEmpty { return buffered }
        var entry = unsafe pollfd(fd: context.pointee.fd, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&entry, 1, Int32(time.milliseconds)) > 0 else { return [] }
        guard unsafe redisBufferRead(context) == REDIS_OK else { throw unsafe RedisContext.error(of: context) }
        return try bufferedReplies()
    }

    private func bufferedReplies() throws(RedisError) -> [RedisReply] {
        var replies: [RedisReply] = []
        while true {
            var raw: UnsafeMutableRawPointer?
            guard unsafe redisGetReplyFromReader(context, &raw) == REDIS_OK else {
                throw unsafe RedisContext.error(of: context)
            }
            guard let raw = unsafe raw else { return replies }
            defer { unsafe freeReplyObject(raw) }
            replies.append(unsafe RedisContext.convert(raw.assumingMemoryBound(to: redisReply.self)))
        }
    }

    private static func convert(_ reply: UnsafeMutablePointer<redisReply>) -> RedisReply {
        let reply = unsafe reply.pointee
        switch unsafe reply.type {
        case REDIS_REPLY_INTEGER: return unsafe .integer(Int(reply.integer))
        case REDIS_REPLY_NIL: return .none
        case REDIS_REPLY_STRING: return unsafe .bytes(bytes(reply))
        case REDIS_REPLY_STATUS: return unsafe .status(String(decoding: bytes(reply), as: UTF8.self))
        case REDIS_REPLY_ERROR: return unsafe .error(String(decoding: bytes(reply), as: UTF8.self))
        default:
            return unsafe .array((0..<Int(reply.elements)).map { unsafe convert(reply.element[$0]!) })
        }
    }

    private static func bytes(_ reply: redisReply) -> [UInt8] {
        guard let text = unsafe reply.str else { return [] }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: text, count: Int(reply.len)))
    }

    private static func error(of context: UnsafeMutablePointer<redisContext>) -> RedisError {
        let code = unsafe context.pointee.err
        let text = unsafe withUnsafeBytes(of: context.pointee.errstr) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let timedOut = code == REDIS_ERR_IO && (errno == EAGAIN || errno == ETIMEDOUT)
        return RedisError(timedOut ? .timedOut : .disconnected, timedOut ? "no answer in time" : text)
    }
}
