/// The files that works make, below `artifacts` of the gateway's directory: `artifacts/acme/model-0123456789abcdef.json`.
///
/// A file's name has its digest, so that the same work done twice makes the same file, and no file ever changes. The
/// folder is the family: the name of the source that all of it comes from, so that a URI still tells whose it is.
struct ArtifactStore: Sendable {
    private let root: String

    /// - Parameter directory: the gateway's; absolute, without links.
    init(directory: String) { root = "\(directory)/artifacts" }

    /// Writes a file unless it exists.
    ///
    /// - Parameter kind: the beginning of its name: `model`.
    func write(
        _ bytes: [UInt8], family: String, kind: String, _ format: Format
    ) throws(GatewayError) -> FileReference {
        let folder = "\(root)/\(family)"
        let digest = FileReference.digest(bytes).dropFirst("sha256:".count).prefix(16)
        let path = "\(folder)/\(kind)-\(digest).\(format.suffix)"
        try Disk.makeDirectory(folder)
        if Disk.absolute(path) == nil { try Disk.write(bytes, to: path) }
        return FileReference(path: path, bytes: bytes, mediaType: format.mediaType)
    }

    /// The family of what is made from the file at a path: that of an artifact, otherwise the file's own name.
    func family(of path: String) -> String {
        if path.hasPrefix("\(root)/"), let folder = path.dropFirst(root.count + 1).split(separator: "/").first {
            return String(folder)
        }
        let name = path.split(separator: "/").last ?? ""
        let stem = name.prefix { $0 != "." }
        let safe = stem.unicodeScalars.map { ArtifactStore.isSafe($0) ? Character($0) : "-" }
        return safe.isEmpty ? "unnamed" : String(safe.prefix(64))
    }

    /// Whether a character may stand in the name of a family or a model.
    static func isSafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "-", "_": true
        default: false
        }
    }

    /// What is in a file.
    enum Format {
        case csv, json

        var suffix: String { self == .csv ? "csv" : "json" }
        var mediaType: String { self == .csv ? "text/csv" : "application/json" }
    }
}
