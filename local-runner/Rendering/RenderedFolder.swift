private import Crypto
private import Model
private import Processes

/// A file that is made from a topology.
package struct RenderedFile: Equatable, Sendable {
    /// Below the folder, such as `base/loader.yaml`.
    package var path: String
    /// Without the line that says where it comes from.
    package var text: String

    /// A file at this path with this text.
    package init(path: String, text: String) {
        self.path = path
        self.text = text
    }
}

/// A folder of files that are made from a topology. Each begins with a line that has the digest of the rest, by which a
/// change by hand is noticed.
package struct RenderedFolder: Sendable {
    private let folder: String
    private static let mark =
        "# Made by `headgate render`; change the topology or the options, and render again. sha256: "

    /// A folder, which need not exist.
    package init(_ folder: String) { self.folder = folder }

    /// What rendering would do to a file.
    package enum Change: Equatable, Sendable {
        case create(String)
        case update(String)
        /// It is not made any more.
        case remove(String)
        /// It differs from what was made there.
        case changedByHand(String)

        /// The file.
        package var path: String {
            switch self {
            case .create(let path), .update(let path), .remove(let path), .changedByHand(let path): path
            }
        }
    }

    /// A file's whole text.
    package static func text(of file: RenderedFile) -> String { "\(mark)\(digest(file.text))\n\(file.text)" }

    /// What is different from these files, by path.
    package func changes(to files: [RenderedFile]) -> [Change] {
        var changes: [Change] = []
        for file in files.sorted(by: { $0.path < $1.path }) {
            guard let found = LocalFile.text("\(folder)/\(file.path)") else {
                changes.append(.create(file.path))
                continue
            }
            if found == RenderedFolder.text(of: file) { continue }
            changes.append(RenderedFolder.isAsMade(found) ? .update(file.path) : .changedByHand(file.path))
        }
        let made = Set(files.map(\.path))
        for path in paths(below: "") where !made.contains(path) {
            guard let found = LocalFile.text("\(folder)/\(path)"), found.hasPrefix(RenderedFolder.mark) else {
                continue
            }
            changes.append(RenderedFolder.isAsMade(found) ? .remove(path) : .changedByHand(path))
        }
        return changes
    }

    /// Makes the changes.
    package func write(_ files: [RenderedFile], _ changes: [Change]) throws {
        let texts = Dictionary(uniqueKeysWithValues: files.map { ($0.path, RenderedFolder.text(of: $0)) })
        for change in changes {
            let path = "\(folder)/\(change.path)"
            guard let text = texts[change.path] else {
                LocalFile.remove(path)
                continue
            }
            try LocalFile.makeDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
            try LocalFile.write(text, to: path)
        }
    }

    /// The lines that differ between what is there and what would be written, as a unified diff without line numbers.
    package func difference(_ path: String, _ files: [RenderedFile]) -> String {
        let old = (LocalFile.text("\(folder)/\(path)") ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        let new = (files.first { $0.path == path }.map { RenderedFolder.text(of: $0) } ?? "")
            .split(separator: "\n", omittingEmptySubsequences: false)
        var lines = ["--- \(folder)/\(path)", "+++ rendered"]
        let changes = new.difference(from: old)
        var removed: Set<Int> = []
        var inserted: [Int: Substring] = [:]
        for change in changes {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, let line, _): inserted[offset] = line
            }
        }
        var place = 0
        for (offset, line) in old.enumerated() {
            if removed.contains(offset) {
                lines.append("-\(line)")
                continue
            }
            while let added = inserted.removeValue(forKey: place) {
                lines.append("+\(added)")
                place += 1
            }
            place += 1
        }
        lines += inserted.sorted { $0.key < $1.key }.map { "+\($0.value)" }
        return lines.joined(separator: "\n")
    }

    private func paths(below path: String) -> [String] {
        LocalFile.names(in: path.isEmpty ? folder : "\(folder)/\(path)").flatMap { name -> [String] in
            let own = path.isEmpty ? name : "\(path)/\(name)"
            return LocalFile.isDirectory("\(folder)/\(own)") ? paths(below: own) : [own]
        }
    }

    private static func isAsMade(_ text: String) -> Bool {
        guard text.hasPrefix(mark), let end = text.firstIndex(of: "\n") else { return false }
        return text[..<end].dropFirst(mark.count) == digest(String(text[text.index(after: end)...]))
    }

    private static func digest(_ text: String) -> String {
        SHA256.hash(data: Array(text.utf8)).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
