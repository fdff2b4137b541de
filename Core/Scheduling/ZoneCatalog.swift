import Synchronization

/// Time zones by name, each read once.
///
/// The caller provides the files, so that this module reads none. `UTC` needs no file.
package final class ZoneCatalog: Sendable {
    private let load: @Sendable (String) -> [UInt8]?
    private let names: @Sendable () -> [String]
    private let known = Mutex<[String: TimeZone]>([:])

    /// A catalog that has read no file yet.
    ///
    /// - Parameters:
    ///   - load: the TZif file of a name, whose form was checked (`Europe/Berlin`); nil if there is none.
    ///   - names: all names, for suggestions; none by default.
    package init(load: @escaping @Sendable (String) -> [UInt8]?, names: @escaping @Sendable () -> [String] = { [] }) {
        self.load = load
        self.names = names
    }

    /// The zone of that name; nil if there is none, or its file cannot be understood.
    package func zone(_ name: String) -> TimeZone? {
        if name == "UTC" { return .utc }
        if let zone = known.withLock({ $0[name] }) { return zone }
        // Names without a file are not remembered: users could fill the memory with them.
        guard ZoneCatalog.accepts(name), let bytes = load(name), let zone = try? TimeZone(tzif: bytes) else {
            return nil
        }
        known.withLock { $0[name] = zone }
        return zone
    }

    /// Up to three names that a user may have meant, the likeliest first.
    package func namesNear(_ name: String) -> [String] {
        // No name is near to such a long text, and measuring the distance could take minutes.
        guard name.utf8.count <= ZoneCatalog.maximumLength else { return [] }
        let wanted = name.lowercased()
        let ranked = names().compactMap { candidate -> (rank: Int, name: String)? in
            let lowercased = candidate.lowercased()
            let city = lowercased.split(separator: "/").last.map(String.init) ?? lowercased
            let rank = min(
                ZoneCatalog.distance(wanted, lowercased),
                ZoneCatalog.distance(wanted.split(separator: "/").last.map(String.init) ?? wanted, city) + 1)
            return rank <= 3 && rank < max(2, wanted.utf8.count / 2) ? (rank, candidate) : nil
        }
        return ranked.sorted { ($0.rank, $0.name) < ($1.rank, $1.name) }.prefix(3).map(\.name)
    }

    private static let maximumLength = 64

    /// Letters, digits, `_ + -` in parts joined by `/`: no path out of the folder, and neither the machine's own zone
    /// nor the files that count leap seconds.
    private static func accepts(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= maximumLength else { return false }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !["localtime", "posixrules", "posix", "right", "Factory"].contains(parts[0]) else { return false }
        return parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy { byte in
                    switch byte {
                    case 48...57, 65...90, 97...122: true
                    default: "_+-".utf8.contains(byte)
                    }
                }
        }
    }

    /// The Levenshtein distance in bytes: how many must be inserted, removed or replaced.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (index, byte) in left.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let replaced = diagonal + (byte == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[right.count]
    }
}
