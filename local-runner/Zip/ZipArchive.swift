/// A zip file in memory, whose directory has been read and found to be sound.
///
/// Refused are: zip64, several volumes, encryption, other methods than stored and deflate, bytes before the first entry that a
/// directory's offset does not count, and whatever `ZipError.Code` lists. Sizes in headers are not believed: contents are
/// held against them as they are unpacked.
package struct ZipArchive: Sendable {
    /// In the order of the directory.
    package let entries: [ZipEntry]
    /// The folders that an entry is in.
    let folders: Set<String>
    let bytes: [UInt8]

    /// Reads the directory.
    package init(_ bytes: [UInt8], limits: ZipLimits = .deploymentPackage) throws(ZipError) {
        guard bytes.count <= limits.zippedBytes else {
            throw ZipError(.tooLarge, "has \(bytes.count) bytes; at most \(limits.zippedBytes) are allowed")
        }
        let archive = ZipBytes(bytes: bytes)
        let end = try ZipArchive.end(of: archive)
        let count = try archive.short(at: end + 10)
        let size = try archive.word(at: end + 12)
        let start = try archive.word(at: end + 16)
        let isLong = end >= 20 ? try archive.word(at: end - 20) == 0x0706_4B50 : false
        guard !isLong, count < 0xFFFF, size < 0xFFFF_FFFF, start < 0xFFFF_FFFF else {
            throw ZipError(.unsupported, "is in zip64 format")
        }
        guard try archive.short(at: end + 4) == 0, try archive.short(at: end + 6) == 0,
            try archive.short(at: end + 8) == count
        else { throw ZipError(.unsupported, "has several volumes") }
        guard start + size == end else {
            throw ZipError(.damaged, "has its directory not where its end says, just before the end")
        }
        guard count <= limits.entries else {
            throw ZipError(.tooLarge, "has \(count) entries; at most \(limits.entries) are allowed")
        }
        var offset = start
        var entries: [ZipEntry] = []
        for _ in 0..<count { entries.append(try ZipEntry(archive, at: &offset, directory: start)) }
        guard offset == end else { throw ZipError(.damaged, "has more or less in its directory than its end says") }
        try ZipArchive.checkSizes(entries, limits)
        try ZipArchive.checkPlaces(entries)
        self.bytes = bytes
        self.entries = entries
        folders = try ZipArchive.checkPaths(entries, limits)
    }

    /// Where the record is that ends an archive. A comment follows it, which must reach to the end of the bytes.
    private static func end(of archive: ZipBytes) throws(ZipError) -> Int {
        let length = 22
        for offset in stride(from: archive.count - length, through: max(0, archive.count - length - 0xFFFF), by: -1) {
            if try archive.word(at: offset) == 0x0605_4B50,
                try archive.short(at: offset + 20) == archive.count - length - offset
            {
                return offset
            }
        }
        throw ZipError(.notAnArchive, "is no zip file: its end has no directory")
    }

    private static func checkSizes(_ entries: [ZipEntry], _ limits: ZipLimits) throws(ZipError) {
        let size = entries.reduce(0) { $0 + $1.size }
        guard size <= limits.unzippedBytes else {
            throw ZipError(.tooLarge, "has \(size) bytes unzipped; at most \(limits.unzippedBytes) are allowed")
        }
    }

    /// Entries that share bytes make a small archive large.
    private static func checkPlaces(_ entries: [ZipEntry]) throws(ZipError) {
        var end = 0
        for entry in entries.sorted(by: { $0.place.lowerBound < $1.place.lowerBound }) {
            guard entry.place.lowerBound >= end else {
                throw ZipError(.damaged, "overlaps another entry", entry: entry.path)
            }
            end = entry.place.upperBound
        }
    }

    /// Returns the folders.
    private static func checkPaths(_ entries: [ZipEntry], _ limits: ZipLimits) throws(ZipError) -> Set<String> {
        var paths: Set<String> = []
        for entry in entries where !paths.insert(entry.path).inserted {
            throw ZipError(.duplicate, "occurs twice", entry: entry.path)
        }
        let leaves = Set(entries.lazy.filter { $0.kind != .folder }.map(\.path))
        var folders: Set<String> = []
        for entry in entries {
            for folder in entry.folders {
                guard !leaves.contains(folder) else {
                    throw ZipError(.duplicate, "is within \"\(folder)\", which is a file or a link", entry: entry.path)
                }
                guard folders.insert(folder).inserted, paths.insert(folder).inserted else { continue }
                guard paths.count <= limits.entries else {
                    throw ZipError(.tooLarge, "has more than \(limits.entries) files and folders")
                }
            }
        }
        return folders
    }
}
