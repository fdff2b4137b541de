/// What an archive may need at most.
package struct ZipLimits: Hashable, Sendable {
    /// Entries, and folders that have none of their own.
    package var entries: Int
    /// Bytes of the archive.
    package var zippedBytes: Int
    /// Bytes of all files, unpacked.
    package var unzippedBytes: Int

    /// Limits of these numbers.
    package init(entries: Int, zippedBytes: Int, unzippedBytes: Int) {
        self.entries = entries
        self.zippedBytes = zippedBytes
        self.unzippedBytes = unzippedBytes
    }

    /// Those of a deployment package: 50 MB, and 250 MB unpacked (AWS documentation, "Lambda quotas"). The number of entries
    /// is not limited there.
    package static let deploymentPackage = ZipLimits(
        entries: 20_000, zippedBytes: 52_428_800, unzippedBytes: 262_144_000)
}
