import Crypto
import Model

/// A file that the gateway has made, as its answers name it.
struct FileReference: Equatable, Sendable {
    var uri: String
    /// `sha256:` and 64 hexadecimal digits.
    var digest: String
    /// In bytes.
    var size: Int
    var mediaType: String

    init(path: String, bytes: [UInt8], mediaType: String) {
        uri = FileURI.text(path)
        digest = FileReference.digest(bytes)
        size = bytes.count
        self.mediaType = mediaType
    }

    var json: JSON {
        [
            "uri": .string(uri), "digest": .string(digest), "size": .integer(size), "mediaType": .string(mediaType),
        ]
    }

    static func digest(_ bytes: [UInt8]) -> String { "sha256:\(hexadecimal(SHA256.hash(data: bytes)))" }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
