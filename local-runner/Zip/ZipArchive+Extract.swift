extension ZipArchive {
    /// Unpacks everything into a folder that is made for it, together with the ones that it is in.
    ///
    /// The folder appears when it is complete; of an archive that is refused nothing remains. Blocks while it writes.
    ///
    /// - Parameter folder: there must be none, or an empty one; otherwise the error is `exists`.
    package func extract(to folder: String) throws(ZipError) {
        let named = entries.filter { !$0.path.isEmpty }
        var target = try NewFolder(for: folder.hasSuffix("/") ? String(folder.dropLast()) : folder)
        var contents = try ZipContents(self)
        try makeFolders(named.filter { $0.kind == .folder }, &target)
        for entry in named where entry.kind == .file {
            try target.makeFile(entry.path, permissions: entry.permissions) { file throws(ZipError) in
                try contents.read(entry) { bytes throws(ZipError) in try file.write(bytes) }
            }
        }
        for entry in named where entry.kind == .link {
            try target.makeLink(entry.path, to: contents.target(of: entry))
        }
        try target.putInPlace()
    }

    /// Makes the folders that have an entry, and those that others are in.
    private func makeFolders(_ entries: [ZipEntry], _ target: inout NewFolder) throws(ZipError) {
        var permissions = Dictionary(uniqueKeysWithValues: folders.map { ($0, 0o755 as UInt32) })
        for entry in entries { permissions[entry.path] = entry.permissions }
        for path in permissions.keys.sorted(by: { ($0.utf8.count, $0) < ($1.utf8.count, $1) }) {
            try target.makeFolder(path, permissions: permissions[path] ?? 0o755)
        }
    }
}

extension ZipContents {
    /// What a link leads to, if that cannot be outside of the folder.
    fileprivate mutating func target(of entry: ZipEntry) throws(ZipError) -> String {
        var bytes: [UInt8] = []
        guard (1...ZipEntry.longestPath).contains(entry.size) else {
            throw ZipError(.unsafePath, "is a link to a path of \(entry.size) bytes", entry: entry.path)
        }
        try read(entry) { piece throws(ZipError) in bytes += piece }
        guard !bytes.contains(0), bytes.first != UInt8(ascii: "/"),
            !bytes.split(separator: UInt8(ascii: "/")).contains(where: { $0.elementsEqual("..".utf8) }),
            let target = String(validating: bytes, as: UTF8.self)
        else {
            throw ZipError(
                .unsafePath, "is a link that is absolute, or has \"..\" or bytes that are not text", entry: entry.path)
        }
        return target
    }
}
