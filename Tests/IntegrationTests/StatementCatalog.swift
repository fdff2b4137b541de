import Foundation
import Postgres

/// The statements that the code declares, read from its sources, so that a new one cannot be left out of a test.
enum StatementCatalog {
    /// The names under which connections prepare them; those that exist once a shard without their number.
    static func declared() throws -> Set<String> { try declared(in: "Core/Postgres").subtracting(ofFlows()) }

    /// Those of flows, which have a test of their own.
    static func ofFlows() throws -> Set<String> {
        var names = try declared(in: "Core/Postgres/Stores/Flows")
        let folder = Cluster.sources.appending(path: "Core/Postgres/Stores/Flows")
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /Statement\("([a-z-]+)", PackageResources/) { names.insert(String(match.1)) }
        }
        // One for each table of the outbox.
        return names.union(["read-outbox", "read-outbox_a", "read-outbox_b"])
    }

    private static func declared(in path: String) throws -> Set<String> {
        let folder = Cluster.sources.appending(path: path)
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)!.compactMap {
            $0 as? URL
        }
        var names = Set(
            files.filter { $0.pathExtension == "sql" && $0.lastPathComponent.first?.isLowercase == true }
                .map { $0.deletingPathExtension().lastPathComponent })
        if path == "Core/Postgres" { names.insert("record-outcomes-and-return") }
        for file in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /Statement\(\s*"((?:[^"\\]|\\\()[^"]*)"\s*\)/) {
                if let name = name(ofText: String(match.1)) { names.insert(name) }
            }
            for match in text.matches(of: /Statement\(\s*"""\n((?s).*?)\n( *)"""/) {
                let indentation = match.2.count
                let lines = match.1.split(separator: "\n", omittingEmptySubsequences: false).map {
                    $0.dropFirst(indentation)
                }
                if let name = name(ofText: lines.joined(separator: "\n")) { names.insert(name) }
            }
        }
        return names
    }

    /// Nil: a statement whose text is only known at run time.
    private static func name(ofText text: String) -> String? {
        var text = text
        for (word, number) in [
            ("migration", 1_212_630), ("loader", 1_212_631), ("floor", 1_212_632), ("count", 1_212_633),
            ("wakes", 1_212_634), ("outbox", 1_212_635),
        ] {
            text = text.replacing("\\(AdvisoryLock.\(word))", with: "\(number)")
        }
        return text.contains("\\(") || !text.contains(" ") && text != "begin" && text != "commit"
            ? nil : Statement(text).name
    }

    /// A statement's name without the number of a shard.
    static func common(_ name: String) -> String {
        for family in ["rearm-schedules", "raise-floor"] where name.hasPrefix("\(family)-") { return family }
        return name
    }
}
