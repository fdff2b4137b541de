package import Model

/// A JSON value with references to steps' outputs and inputs.
///
/// `${…}` as a whole string stands for the value that it names, of whatever type; within a longer string a scalar is
/// inserted. `$${` is a literal `${`.
package indirect enum FlowTemplate: Hashable, Sendable {
    /// A value without references, as written.
    case literal(JSON)
    /// A string that is one reference.
    case reference(FlowReference)
    /// A string with references in it.
    case text([Part])
    case list([FlowTemplate])
    /// Members in their order.
    case object([Member])

    /// A piece of a string.
    package enum Part: Hashable, Sendable {
        case text(String)
        case reference(FlowReference)
    }

    /// One name and its template.
    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: FlowTemplate
    }

    /// Reads a template. A reference that cannot be read is reported with its pointer, and taken for text.
    package init(_ json: JSON, at pointer: String, errors: inout [FieldError]) {
        switch json {
        case .string(let text): self = FlowTemplate.string(text, pointer, &errors)
        case .array(let elements):
            self = FlowTemplate.list(elements, pointer, &errors)
        case .object(let members):
            self = FlowTemplate.object(members, pointer, &errors)
        case .null, .bool, .number: self = .literal(json)
        }
    }

    private static func list(_ elements: [JSON], _ pointer: String, _ errors: inout [FieldError]) -> FlowTemplate {
        var templates: [FlowTemplate] = []
        for (index, element) in elements.enumerated() {
            templates.append(FlowTemplate(element, at: "\(pointer)/\(index)", errors: &errors))
        }
        let literals = templates.compactMap(\.literal)
        return literals.count == templates.count ? .literal(.array(literals)) : .list(templates)
    }

    private static func object(_ members: [JSON.Member], _ pointer: String, _ errors: inout [FieldError])
        -> FlowTemplate
    {
        var templates: [Member] = []
        for member in members {
            let place = "\(pointer)/\(JSON.pointerToken(member.name))"
            if member.name.contains("${") {
                errors.append(FieldError(pointer: place, detail: "a name cannot have references; only values can"))
            }
            let value = FlowTemplate(member.value, at: place, errors: &errors)
            templates.append(Member(name: member.name, value: value))
        }
        let literals = templates.compactMap { member in member.value.literal.map { JSON.Member(member.name, $0) } }
        guard literals.count == templates.count else { return .object(templates) }
        return .literal(.object(literals))
    }

    private var literal: JSON? { if case .literal(let value) = self { value } else { nil } }

    private static func string(_ text: String, _ pointer: String, _ errors: inout [FieldError]) -> FlowTemplate {
        var parts: [Part] = []
        var plain = ""
        var rest = Substring(text)
        while let start = rest.firstIndex(of: "$") {
            plain += rest[..<start]
            rest = rest[start...]
            if rest.hasPrefix("$${") {
                plain += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                do throws(ExpressionError) {
                    guard let (reference, after) = try FlowReference.read(rest.dropFirst(2)) else {
                        errors.append(FieldError(pointer: pointer, detail: "${ has no }; a literal ${ is written $${"))
                        return .literal(.string(text))
                    }
                    if !plain.isEmpty { parts.append(.text(plain)) }
                    (plain, rest) = ("", after)
                    parts.append(.reference(reference))
                } catch {
                    errors.append(FieldError(pointer: pointer, detail: "${…}: \(error)"))
                    return .literal(.string(text))
                }
            } else {
                plain += "$"
                rest = rest.dropFirst()
            }
        }
        plain += rest
        if parts.isEmpty { return .literal(.string(plain)) }
        if parts.count == 1, plain.isEmpty, case .reference(let reference) = parts[0] { return .reference(reference) }
        if !plain.isEmpty { parts.append(.text(plain)) }
        return .text(parts)
    }

    /// All references, in order.
    package var references: [FlowReference] {
        switch self {
        case .literal: []
        case .reference(let reference): [reference]
        case .text(let parts):
            parts.compactMap { if case .reference(let reference) = $0 { reference } else { nil } }
        case .list(let elements): elements.flatMap(\.references)
        case .object(let members): members.flatMap(\.value.references)
        }
    }

    /// All references, in order, each with the pointer of the string that it stands in.
    func places(at pointer: String) -> [(pointer: String, reference: FlowReference)] {
        switch self {
        case .literal, .reference, .text: references.map { (pointer, $0) }
        case .list(let elements):
            elements.enumerated().flatMap { index, element in element.places(at: "\(pointer)/\(index)") }
        case .object(let members):
            members.flatMap { $0.value.places(at: "\(pointer)/\(JSON.pointerToken($0.name))") }
        }
    }
}
