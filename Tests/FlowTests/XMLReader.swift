/// A reader of XML that is just enough to see whether a document is well-formed: balanced elements, quoted attributes,
/// no bare `<` or `&`, only characters that XML has. Foundation's needs a module of its own here.
struct XMLReader {
    /// Of all elements, as they begin.
    private(set) var names: [String] = []
    private(set) var isValid = false

    init(_ text: String) {
        var open: [String] = []
        var rest = Substring(text)
        guard rest.hasPrefix("<?xml "), let end = rest.firstRange(of: "?>") else { return }
        rest = rest[end.upperBound...]
        while let start = rest.firstIndex(of: "<") {
            guard XMLReader.isText(rest[..<start]), let end = rest[start...].firstIndex(of: ">") else { return }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("/") {
                guard open.popLast() == String(tag.dropFirst()) else { return }
                continue
            }
            let isEmpty = tag.hasSuffix("/")
            let body = isEmpty ? tag.dropLast() : tag
            guard let name = body.split(separator: " ").first, XMLReader.hasAttributes(body.dropFirst(name.count))
            else {
                return
            }
            names.append(String(name))
            if !isEmpty { open.append(String(name)) }
        }
        isValid = open.isEmpty && XMLReader.isText(rest) && rest.allSatisfy(\.isWhitespace)
    }

    private static func isText(_ text: Substring) -> Bool {
        let isAllowed = text.unicodeScalars.allSatisfy { $0.value >= 32 || [9, 10, 13].contains($0.value) }
        let isEscaped = text.split(separator: "&", omittingEmptySubsequences: false).dropFirst().allSatisfy { part in
            guard let end = part.firstIndex(of: ";") else { return false }
            let name = part[..<end]
            return ["amp", "lt", "gt", "quot"].contains(name) || name.hasPrefix("#") && Int(name.dropFirst()) != nil
        }
        return isAllowed && isEscaped
    }

    /// ` a="b" c="d"`; no name twice.
    private static func hasAttributes(_ text: Substring) -> Bool {
        var names: Set<Substring> = []
        let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
        guard parts.count % 2 == 1, parts.last?.allSatisfy(\.isWhitespace) == true else { return false }
        for index in stride(from: 0, to: parts.count - 1, by: 2) {
            guard parts[index].hasPrefix(" "), parts[index].hasSuffix("="), isText(parts[index + 1]),
                !parts[index + 1].contains("<"), names.insert(parts[index]).inserted
            else { return false }
        }
        return true
    }
}
