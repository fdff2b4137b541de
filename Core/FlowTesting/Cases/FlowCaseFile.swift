package import Model

/// A cases file as far as it can be read without its flow.
package struct FlowCaseFile: Sendable {
    /// Which flow the cases are about.
    package enum Flow: Sendable {
        /// Whoever runs the cases says.
        case unnamed
        /// The path of its file, relative to the cases file.
        case path(String)
        /// The definition itself.
        case definition(JSON)
    }

    package let flow: Flow
    /// At least one; each is read by `FlowSuite`.
    package let cases: [JSON]

    /// Reads `{"flow", "cases"}`; throws all mistakes together.
    package init(_ json: JSON) throws(FieldErrors) {
        var fields = JSONFields(json)
        flow =
            fields.optional("flow", "a path, or the definition as an object") { value -> Flow? in
                value.text.map { .path($0) } ?? (value.members == nil ? nil : .definition(value))
            } ?? .unnamed
        cases =
            fields.required("cases", "a list of at least one case") { value in
                value.elements.flatMap { $0.isEmpty ? nil : $0 }
            } ?? []
        fields.finish()
        guard fields.errors.isEmpty else { throw FieldErrors(fields.errors) }
    }

    /// Whether a document is meant to be a cases file, and not a flow.
    package static func looksLike(_ json: JSON) -> Bool { json["cases"] != nil }
}
