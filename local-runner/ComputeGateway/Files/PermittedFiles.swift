/// The directories from which calls may have files read, and the reading.
struct PermittedFiles: Sendable {
    /// An input's bytes, and where they were.
    struct Content: Sendable {
        /// Absolute, without links.
        var path: String
        var bytes: [UInt8]
    }

    /// The largest CSV: 64 MiB.
    static let largestTable = 64 << 20
    /// The largest model or transformation: 1 MiB.
    static let largestDocument = 1 << 20

    /// Absolute, without links.
    private let directories: [String]
    /// The same as they were given: a caller may name files by a path with links in it.
    private let aliases: [String]

    /// Takes directories that exist.
    init(_ directories: [String]) throws(GatewayError) {
        var resolved: [String] = []
        for directory in directories {
            guard let path = Disk.absolute(directory) else {
                throw .user("there is no directory \(directory): create it, or give another")
            }
            resolved.append(path)
        }
        self.directories = resolved
        aliases = directories.filter { $0.hasPrefix("/") }.map(FileURI.normalized)
    }

    /// Reads a file of at most `limit` bytes, and holds it against its digest. Every error but a failing disk is of
    /// class `user`.
    func read(_ file: InputFile, limit: Int) throws(GatewayError) -> Content {
        guard let path = FileURI.path(file.uri) else {
            throw .user("\(file.name): \(file.uri) is no file that can be read here: name one as file:///…")
        }
        // First by the text, so that nothing is learnt about files elsewhere; then by where links lead.
        guard PermittedFiles.lies(path, in: directories + aliases) else { throw refusal(file) }
        guard let real = Disk.absolute(path) else {
            throw .user("\(file.name): there is no file \(path): create it, or name another")
        }
        guard PermittedFiles.lies(real, in: directories) else { throw refusal(file) }
        let bytes = try content(real, file, limit)
        if let digest = file.digest, digest != FileReference.digest(bytes) {
            throw .user(
                "\(file.name): \(path) has changed since its digest was taken: name the file that was meant, or its digest"
            )
        }
        return Content(path: real, bytes: bytes)
    }

    private func content(_ path: String, _ file: InputFile, _ limit: Int) throws(GatewayError) -> [UInt8] {
        do {
            return try Disk.read(path, limit: limit)
        } catch {
            switch error {
            case .absent: throw .user("\(file.name): there is no file \(path): create it, or name another")
            case .notAFile: throw .user("\(file.name): \(path) is not a regular file: name one")
            case .tooLarge(let size):
                throw .user("\(file.name): \(path) has \(size) bytes, the limit is \(limit): make it smaller")
            case .system(let reason): throw .platform("\(file.name): cannot read \(path): \(reason)")
            }
        }
    }

    private func refusal(_ file: InputFile) -> GatewayError {
        .user(
            "\(file.name): \(file.uri) lies outside the permitted directories: move it into one, or start the gateway with --data and its directory"
        )
    }

    private static func lies(_ path: String, in directories: [String]) -> Bool {
        directories.contains { path.hasPrefix($0 == "/" ? "/" : "\($0)/") }
    }
}
