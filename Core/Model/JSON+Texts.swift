extension JSON {
    /// What is wrong with the texts of a document: names and strings with U+0000, which Postgres does not store, and
    /// strings of more than `longest` bytes. At most ten, each with its pointer.
    package func textMistakes(at pointer: String = "", longest: Int = 16_384) -> [FieldError] {
        var mistakes: [FieldError] = []
        findTextMistakes(at: pointer, longest: longest, &mistakes)
        return mistakes
    }

    private func findTextMistakes(at pointer: String, longest: Int, _ mistakes: inout [FieldError]) {
        guard mistakes.count < 10 else { return }
        switch self {
        case .null, .bool, .number: break
        case .string(let text):
            if text.utf8.contains(0) {
                mistakes.append(FieldError(pointer: pointer, detail: "has the character U+0000"))
            } else if text.utf8.count > longest {
                let detail = "is \(text.utf8.count) bytes; at most \(longest) are allowed"
                mistakes.append(FieldError(pointer: pointer, detail: detail))
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                element.findTextMistakes(at: "\(pointer)/\(index)", longest: longest, &mistakes)
            }
        case .object(let members):
            for member in members {
                if member.name.utf8.contains(0) {
                    mistakes.append(FieldError(pointer: pointer, detail: "has a name with the character U+0000"))
                }
                member.value.findTextMistakes(
                    at: "\(pointer)/\(JSON.pointerToken(member.name))", longest: longest, &mistakes)
            }
        }
    }
}
