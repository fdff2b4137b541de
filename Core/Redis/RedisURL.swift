/// Where a Redis server listens, and how to log in: `redis://[[user]:password@]host[:port][/database]`.
///
/// The port is 6379 and the database 0 unless given.
package struct RedisURL: Hashable, Sendable {
    package var host: String
    package var port: Int
    package var user: String?
    package var password: String?
    package var database: Int

    /// Reads a URL; throws `RedisError.badURL` with what is wrong. `rediss://` (TLS) is refused.
    package init(_ text: String) throws(RedisError) {
        let scheme = "redis://"
        guard text.hasPrefix(scheme) else {
            let hint =
                text.hasPrefix("rediss://") ? "TLS is not supported by this hiredis" : "it must begin with \(scheme)"
            throw RedisError(.badURL, "the Redis URL cannot be used: \(hint)")
        }
        var rest = text.dropFirst(scheme.count)
        (user, password) = (nil, nil)
        if let at = rest.lastIndex(of: "@") {
            let credentials = rest[..<at]
            let colon = credentials.firstIndex(of: ":")
            let name = colon.map { credentials[..<$0] } ?? credentials
            user = name.isEmpty ? nil : String(name)
            password = colon.map { String(credentials[credentials.index(after: $0)...]) }
            rest = rest[rest.index(after: at)...]
        }
        database = 0
        if let slash = rest.firstIndex(of: "/") {
            let path = rest[rest.index(after: slash)...]
            guard path.isEmpty || Int(path) != nil else {
                throw RedisError(.badURL, "the Redis URL names the database \"\(path)\", which is not a number")
            }
            database = Int(path) ?? 0
            rest = rest[..<slash]
        }
        port = 6_379
        if let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]") {
            let digits = rest[rest.index(after: colon)...]
            guard let number = Int(digits), (1...65_535).contains(number) else {
                throw RedisError(.badURL, "the Redis URL names the port \"\(digits)\", which is not 1 to 65535")
            }
            port = number
            rest = rest[..<colon]
        }
        if rest.hasPrefix("["), rest.hasSuffix("]") { rest = rest.dropFirst().dropLast() }
        guard !rest.isEmpty else { throw RedisError(.badURL, "the Redis URL names no host") }
        host = String(rest)
    }
}
