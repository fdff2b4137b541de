private import Glibc
import Synchronization

/// A Lua script, called by its digest. The digest is computed by the server: a script is loaded when the server does
/// not know it.
package final class RedisScript: Sendable {
    /// For error messages.
    package let name: String
    let text: [UInt8]
    private let digest = Mutex<String?>(nil)

    /// A script that no server has loaded yet.
    ///
    /// - Parameter isAllowedWhenFull: it may write while the server is out of memory (`allow-oom`).
    package init(name: String, text: [UInt8], isAllowedWhenFull: Bool = false) {
        self.name = name
        self.text = (isAllowedWhenFull ? Array("#!lua flags=allow-oom\n".utf8) : []) + text
    }

    /// The digest, once a server has computed it.
    var knownDigest: String? { digest.withLock { $0 } }
    func remember(_ text: String) { digest.withLock { $0 = text } }
}

/// One call of a script, with the keys that it declares and its arguments.
package struct ScriptCall: Sendable {
    package var script: RedisScript
    package var keys: [String]
    /// The arguments only: append them to an empty `RedisCommand()`.
    package var arguments: RedisCommand

    /// A call; in a cluster all keys must be in one slot.
    package init(_ script: RedisScript, keys: [String], arguments: RedisCommand = RedisCommand()) {
        self.script = script
        self.keys = keys
        self.arguments = arguments
    }

    func command(digest: String) -> RedisCommand {
        var command = RedisCommand("EVALSHA", digest, capacity: arguments.arguments.count + keys.count * 40 + 80)
        command.append(keys.count)
        for key in keys { command.append(key) }
        command.append(argumentsOf: arguments)
        return command
    }
}

extension RedisConnection {
    /// Calls scripts in one round trip and returns the replies in order. Calls of scripts that the server does not know
    /// are repeated one by one after the others, once their script is loaded.
    package func call(_ calls: [ScriptCall]) throws(RedisError) -> [RedisReply] {
        let unloaded = calls.filter { $0.script.knownDigest == nil }
        for call in unloaded where call.script.knownDigest == nil { try load(call.script) }
        var replies = try self.call(calls.map { $0.command(digest: $0.script.knownDigest!) })
        for index in replies.indices {
            guard case .error(let text) = replies[index], RedisError(.refused, text).isUnknownScript else { continue }
            try load(calls[index].script)
            replies[index] = try self.call([calls[index].command(digest: calls[index].script.knownDigest!)])[0]
        }
        return replies
    }

    private func load(_ script: RedisScript) throws(RedisError) {
        var command = RedisCommand("SCRIPT", "LOAD")
        command.append(script.text)
        guard let digest = try call([command])[0].checked().text else {
            throw RedisError(.unexpectedReply, "SCRIPT LOAD of \(script.name)")
        }
        script.remember(digest)
    }
}
