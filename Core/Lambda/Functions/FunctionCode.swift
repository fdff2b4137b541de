package import Model

/// A deployment package that has been unpacked.
package struct FunctionCode: Hashable, Sendable {
    /// SHA-256 of the zip, in base64. Of a function of the topology: empty.
    package var sha256: String
    /// Bytes of the zip.
    package var bytes: Int
    /// The folder, relative to the data directory; nil: the function is a program of the topology.
    package var location: String?

    /// A package of these parts, which are not checked.
    package init(sha256: String, bytes: Int, location: String?) {
        self.sha256 = sha256
        self.bytes = bytes
        self.location = location
    }

    /// No package: a program of the topology is where its command says.
    package static let none = FunctionCode(sha256: "", bytes: 0, location: nil)

    /// For `init(stored:)`.
    package var stored: JSON {
        [
            "sha256": .string(sha256), "bytes": .integer(bytes), "location": .optionalText(location),
        ]
    }
    /// Reads what `stored` made; nil for anything else.
    package init?(stored: JSON) {
        guard let sha256 = stored["sha256"]?.text, let bytes = stored["bytes"]?.int else { return nil }
        self.init(sha256: sha256, bytes: bytes, location: stored["location"]?.text)
    }
}
