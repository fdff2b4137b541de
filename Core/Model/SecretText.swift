/// A header's value that may name secrets as `${secret.name}`: they are put in where the call is made, and stand nowhere else.
package struct SecretText: Hashable, Sendable {
    package enum Part: Hashable, Sendable {
        case text(String)
        case secret(String)
    }

    package var parts: [Part]

    private static let opening = "${secret."

    /// Splits a value. Text that is no reference stays text: `$`, `${` and an opening without its end.
    package init(_ value: String) {
        parts = []
        var rest = Substring(value)
        while let start = rest.firstRange(of: SecretText.opening),
            let end = rest[start.upperBound...].firstIndex(of: "}")
        {
            if start.lowerBound > rest.startIndex { parts.append(.text(String(rest[..<start.lowerBound]))) }
            parts.append(.secret(String(rest[start.upperBound..<end])))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty || parts.isEmpty { parts.append(.text(String(rest))) }
    }

    /// The names of the secrets, in order.
    package var names: [String] {
        parts.compactMap { if case .secret(let name) = $0 { name } else { nil } }
    }

    /// Whether a value names secrets; cheaper than reading it.
    package static func isIn(_ value: String) -> Bool {
        value.utf8.contains(UInt8(ascii: "$")) && !SecretText(value).names.isEmpty
    }

    /// The value with its secrets put in; nil where `lookUp` does not know one.
    package func resolved(_ lookUp: (String) -> String?) -> String? {
        var value = ""
        for part in parts {
            switch part {
            case .text(let text): value += text
            case .secret(let name):
                guard let secret = lookUp(name) else { return nil }
                value += secret
            }
        }
        return value
    }
}
