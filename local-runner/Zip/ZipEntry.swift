package import Glibc

/// A file, folder or link of an archive, as its directory describes it (PKWARE's APPNOTE 6.3, section 4.3.12).
package struct ZipEntry: Hashable, Sendable {
    /// What it is.
    package enum Kind: Hashable, Sendable {
        case file, folder, link
    }

    /// How its contents are written.
    enum Method: Hashable, Sendable {
        case stored, deflate
    }

    /// Relative to the folder, without `.`, `..` and empty parts.
    package let path: String
    /// What it is.
    package let kind: Kind
    /// Who may read, write and execute it. Its owner may always read it.
    package let permissions: mode_t
    /// Bytes of its contents.
    package let size: Int
    let method: Method
    let checksum: Int
    /// Where its header and its contents are in the archive.
    let place: Range<Int>
    let contents: Range<Int>

    /// Bytes of a path.
    static let longestPath = 1_024

    /// Reads a header of the directory, and the one before the contents.
    ///
    /// - Parameter offset: of the header; afterwards of the next one.
    init(_ archive: ZipBytes, at offset: inout Int, directory: Int) throws(ZipError) {
        guard try archive.word(at: offset) == 0x0201_4B50 else {
            throw ZipError(.damaged, "has no header of an entry where its directory should have one")
        }
        let nameBytes = try archive.slice(at: offset + 46, count: archive.short(at: offset + 28))
        let name = String(decoding: nameBytes, as: UTF8.self)
        func error(_ code: ZipError.Code, _ message: String) -> ZipError { ZipError(code, message, entry: name) }

        let flags = try archive.short(at: offset + 8)
        guard flags & (1 | 1 << 6 | 1 << 13) == 0 else { throw error(.unsupported, "is encrypted") }
        guard flags & 1 << 5 == 0 else { throw error(.unsupported, "is a patch") }
        switch try archive.short(at: offset + 10) {
        case 0: method = .stored
        case 8: method = .deflate
        case let other: throw error(.unsupported, "is compressed by method \(other); only 0 and 8 (deflate) are read")
        }
        checksum = try archive.word(at: offset + 16)
        let compressed = try archive.word(at: offset + 20)
        size = try archive.word(at: offset + 24)
        let local = try archive.word(at: offset + 42)
        guard ![compressed, size, local].contains(0xFFFF_FFFF) else { throw error(.unsupported, "is in zip64 format") }
        if method == .stored, compressed != size { throw error(.damaged, "is stored, but its two sizes differ") }

        // What the attributes mean depends on the system; 3 and 19 are Unix and macOS.
        let system = try archive.short(at: offset + 4) >> 8
        let attributes = try archive.word(at: offset + 38)
        let mode = system == 3 || system == 19 ? mode_t(attributes >> 16) : 0
        switch mode & S_IFMT {
        case S_IFLNK: kind = .link
        case S_IFDIR: kind = .folder
        case 0, S_IFREG: kind = nameBytes.last == UInt8(ascii: "/") ? .folder : .file
        default: throw error(.unsupported, "is neither a file, a folder nor a link")
        }
        if kind == .folder, size > 0 { throw error(.damaged, "is a folder with contents") }
        let given = mode & 0o777
        permissions = kind == .folder ? (given == 0 ? 0o755 : given | 0o700) : (given == 0 ? 0o644 : given | 0o400)
        path = try ZipEntry.path(nameBytes, name, isFolder: kind == .folder)

        guard try archive.word(at: local) == 0x0403_4B50,
            try archive.slice(at: local + 30, count: archive.short(at: local + 26)) == nameBytes,
            try archive.short(at: local + 8) == archive.short(at: offset + 10)
        else { throw error(.damaged, "has another header before its contents than in the directory") }
        // With bit 3 the sizes follow the contents, and are zero here.
        if flags & 1 << 3 == 0 {
            guard try archive.word(at: local + 18) < 0xFFFF_FFFF else {
                throw error(.unsupported, "is in zip64 format")
            }
            guard try archive.word(at: local + 14) == checksum, try archive.word(at: local + 18) == compressed,
                try archive.word(at: local + 22) == size
            else { throw error(.damaged, "has other sizes before its contents than in the directory") }
        }
        let start = try local + 30 + archive.short(at: local + 26) + archive.short(at: local + 28)
        guard start <= directory, compressed <= directory - start else {
            throw error(.damaged, "reaches into the directory")
        }
        contents = start..<start + compressed
        place = local..<start + compressed
        offset += try 46 + nameBytes.count + archive.short(at: offset + 30) + archive.short(at: offset + 32)
    }

    /// Checks that a name stays within the folder.
    private static func path(_ bytes: ArraySlice<UInt8>, _ name: String, isFolder: Bool) throws(ZipError) -> String {
        func error(_ message: String) -> ZipError { ZipError(.unsafePath, message, entry: name) }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw error("has a name that is not UTF-8") }
        guard !bytes.contains(0) else { throw error("has a name with a NUL byte") }
        guard !bytes.contains(UInt8(ascii: "\\")) else { throw error("has a name with a backslash") }
        guard bytes.first != UInt8(ascii: "/") else { throw error("has an absolute name") }
        guard bytes.count <= longestPath else { throw error("has a name of more than \(longestPath) bytes") }
        let parts = name.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }.filter { $0 != "." }
        guard !parts.contains("..") else { throw error("has a name with \"..\"") }
        guard isFolder || !parts.isEmpty && bytes.last != UInt8(ascii: "/") else {
            throw error("has no name of a file")
        }
        return parts.joined(separator: "/")
    }

    /// The folders that it is in, from the outermost.
    var folders: [String] {
        path.utf8.indices.filter { path.utf8[$0] == UInt8(ascii: "/") }.map { String(path[..<$0]) }
    }
}
