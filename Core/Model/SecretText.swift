/// A header value that may refer to secrets as `${secret.name}`. References are resolved where the call is made, and
/// nowhere earlier.
package struct SecretText: Hashable, Sendable {
    /// A piece of the value.
    package enum Part: Hashable, Sendable {
        /// Sent as it is.
        case text(String)
        /// Replaced by the secret of this name.
        case secret(String)
    }

    /// In order; never empty.
    package var parts: [Part]

    private static let opening = "${secret."

    /// Splits a value. What is no complete reference stays text: `$`, `${`, an opening without its end.
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

    /// A value of these parts.
    package init(_ parts: [Part]) { self.parts = parts.isEmpty ? [.text("")] : parts }

    /// Whether a reference begins and does not end.
    package var isCutShort: Bool {
        if case .text(let text) = parts.last { text.contains(SecretText.opening) } else { false }
    }

    /// The names of the secrets referred to, in order, repetitions included.
    package var names: [String] {
        parts.compactMap { if case .secret(let name) = $0 { name } else { nil } }
    }

    /// Whether a value refers to secrets; cheap for values without `$`.
    package static func containsReference(_ value: String) -> Bool {
        value.utf8.contains(UInt8(ascii: "$")) && !SecretText(value).names.isEmpty
    }

    /// The value with its secrets inserted; nil if `lookUp` does not know one.
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
