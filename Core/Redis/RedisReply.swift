/// A RESP2 answer.
package enum RedisReply: Sendable {
    case none
    case status(String)
    case integer(Int)
    case bytes([UInt8])
    case array([RedisReply])
    case error(String)

    package var text: String? {
        switch self {
        case .status(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let number): String(number)
        case .none, .array, .error: nil
        }
    }
    package var int: Int? {
        switch self {
        case .integer(let number): number
        case .bytes, .status: text.flatMap { Int($0) }
        case .none, .array, .error: nil
        }
    }
    package var byteString: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }
    package var array: [RedisReply]? { if case .array(let array) = self { array } else { nil } }
    package var isNone: Bool { if case .none = self { true } else { false } }

    /// The reply, or the server's error thrown.
    package func checked() throws(RedisError) -> RedisReply {
        if case .error(let text) = self { throw RedisError(.refused, text) }
        return self
    }
}

extension RedisReply {
    /// An error of a server that is no longer the master.
    var isOfWrongServer: Bool {
        if case .error(let text) = self { return RedisError(.refused, text).isOfWrongServer }
        return false
    }
}
