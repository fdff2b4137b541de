import Glibc
import Scheduling

/// The machine's own time zone files.
enum TestZones {
    static let catalog = ZoneCatalog(load: read, names: { names })

    static let names: [String] = list("").sorted()

    @Sendable static func read(_ name: String) -> [UInt8]? {
        guard let file = fopen("/usr/share/zoneinfo/\(name)", "rb") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    private static func list(_ folder: String) -> [String] {
        guard let directory = opendir("/usr/share/zoneinfo/\(folder)") else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix("."), !["posix", "right"].contains(name) else { continue }
            let path = folder + name
            if entry.pointee.d_type == UInt8(DT_DIR) {
                names += list(path + "/")
            } else if read(path)?.starts(with: "TZif".utf8) == true, path.first?.isUppercase == true {
                names.append(path)
            }
        }
        return names
    }
}
