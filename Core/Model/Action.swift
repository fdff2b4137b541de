/// What a trigger does.
package enum Action: Hashable, Sendable {
    case http(HTTPAction)
}

extension Action {
    /// Reads `{"http": {…}}`; appends every mistake with its pointer, and is nil where there is one.
    package init?(_ value: JSON, at pointer: String = "/action", errors: inout [FieldError]) {
        var fields = JSONFields(value, at: pointer)
        let http = fields.raw("http")
        if fields.raw("flow") != nil { fields.fail("flow", "flow actions are not supported yet") }
        fields.finish()
        if http == nil, fields.errors.isEmpty { fields.fail("http", "is required: the call to make") }
        errors += fields.errors
        guard let http, let call = HTTPAction(http, at: fields.pointer(to: "http"), errors: &errors),
            fields.errors.isEmpty
        else { return nil }
        self = .http(call)
    }

    /// The document that `init(_:at:errors:)` reads, with all defaults filled in.
    package var json: JSON {
        switch self {
        case .http(let call): ["http": call.json]
        }
    }

    /// One byte for the kind of action, then the action.
    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .http(let call):
            writer.write(unsigned: Action.httpTag)
            call.encode(into: &writer)
        }
    }

    package init(from reader: inout ByteReader) throws(ByteReader.Failure) {
        switch try reader.unsigned() {
        case Action.httpTag: self = .http(try HTTPAction(from: &reader))
        default: throw reader.failure("a kind of action that this version knows")
        }
    }

    private static let httpTag: UInt64 = 1
}
