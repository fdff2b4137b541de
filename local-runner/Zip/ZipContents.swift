/// Unpacks the contents of an archive's entries, one after another, and holds them against the directory.
struct ZipContents: ~Copyable {
    private let archive: ZipArchive
    private let inflater: Inflater
    private var buffer = [UInt8](repeating: 0, count: 262_144)

    init(_ archive: ZipArchive) throws(ZipError) {
        self.archive = archive
        inflater = try Inflater()
    }

    /// Hands out the contents of an entry in pieces. It stops, and throws, at the first byte that is more than the directory
    /// says: the sum of what is handed out is therefore within the limits that the directory was held against.
    mutating func read(
        _ entry: ZipEntry, _ take: (ArraySlice<UInt8>) throws(ZipError) -> Void
    ) throws(ZipError) {
        func damaged(_ message: String) -> ZipError { ZipError(.damaged, message, entry: entry.path) }
        inflater.reset()
        var rest = archive.bytes[entry.contents]
        var (count, checksum, isAtEnd) = (0, 0, false)
        while !isAtEnd {
            let step = try next(rest, of: entry)
            rest = rest.dropFirst(step.read)
            count += step.written
            isAtEnd = step.isAtEnd
            guard count <= entry.size else { throw damaged("has more than the \(entry.size) bytes of its directory") }
            checksum = Inflater.checksum(checksum, buffer[..<step.written])
            try take(buffer[..<step.written])
        }
        guard rest.isEmpty else { throw damaged("has more bytes in the archive than its contents need") }
        guard count == entry.size else {
            throw damaged("has \(count) bytes, and not the \(entry.size) of its directory")
        }
        guard checksum == entry.checksum else { throw damaged("has another CRC-32 than in its directory") }
    }

    private mutating func next(_ rest: ArraySlice<UInt8>, of entry: ZipEntry) throws(ZipError) -> Inflater.Step {
        switch entry.method {
        case .stored:
            let piece = rest.prefix(buffer.count)
            buffer.replaceSubrange(..<piece.count, with: piece)
            return Inflater.Step(read: piece.count, written: piece.count, isAtEnd: piece.count == rest.count)
        case .deflate:
            switch inflater.step(rest, into: &buffer) {
            case .success(let step): return step
            case .failure(var error):
                error.entry = entry.path
                throw error
            }
        }
    }
}
