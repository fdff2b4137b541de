extension StringProtocol {
    /// The text as it stands in an XML 1.0 document, as content or within quotes of either kind.
    ///
    /// Characters that XML cannot hold in any form, such as U+0000, become U+FFFD.
    package var escapedForXML: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            // Written as they are, attributes would have blanks in their place (XML 1.0, 3.3.3).
            case "\t", "\n", "\r": text += "&#\(scalar.value);"
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": text += "\u{FFFD}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
