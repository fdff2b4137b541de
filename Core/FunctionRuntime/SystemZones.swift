package import Scheduling

/// The time zones of the system's tzdata, in `/usr/share/zoneinfo`.
package enum SystemZones {
    private static let directory = "/usr/share/zoneinfo"

    /// The version of tzdata, such as `2025b`, from the first line of `tzdata.zi`. Nil if that file is missing.
    package static var version: String? {
        guard let table = FileText.read("\(directory)/tzdata.zi") else { return nil }
        let line = String(decoding: table.prefix { $0 != 10 }, as: UTF8.self).split(separator: " ")
        return line.count == 3 && line[1] == "version" ? String(line[2]) : nil
    }

    /// Reads zones from the system's files; suggestions come from `tzdata.zi`.
    package static let catalog = ZoneCatalog(
        load: { FileText.read("\(directory)/\($0)") },
        names: {
            let table = FileText.read("\(directory)/tzdata.zi").map { String(decoding: $0, as: UTF8.self) } ?? ""
            // Lines "Z name …" are zones, "L target name" links.
            return table.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                guard words.count >= 3 else { return nil }
                return words[0] == "Z" ? String(words[1]) : words[0] == "L" ? String(words[2]) : nil
            }
        })
}
