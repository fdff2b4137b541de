/// A RESP2 reply.
package enum RedisReply: Sendable {
    /// A nil bulk string or array.
    case none
    case status(String)
    case integer(Int)
    case bytes([UInt8])
    case array([RedisReply])
    /// An error of the server, such as `NOSCRIPT …`.
    case error(String)

    /// A status, bulk string or integer as text; nil for anything else.
    package var text: String? {
        switch self {
        case .status(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let number): String(number)
        case .none, .array, .error: nil
        }
    }
    /// An integer, or a status or bulk string of digits; nil for anything else.
    package var int: Int? {
        switch self {
        case .integer(let number): number
        case .bytes, .status: text.flatMap { Int($0) }
        case .none, .array, .error: nil
        }
    }
    /// The bytes of a bulk string; nil for anything else.
    package var byteString: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }
    /// The elements of an array; nil for anything else.
    package var array: [RedisReply]? { if case .array(let array) = self { array } else { nil } }

    /// The reply itself; an error reply is thrown as `RedisError.refused`.
    package func checked() throws(RedisError) -> RedisReply {
        if case .error(let text) = self { throw RedisError(.refused, text) }
        return self
    }
}

extension RedisReply {
    /// An error of a server that is a replica now.
    var isOfWrongServer: Bool {
        if case .error(let text) = self { return RedisError(.refused, text).isOfWrongServer }
        return false
    }
}
