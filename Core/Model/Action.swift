/// What a trigger does when it is delivered.
package enum Action: Hashable, Sendable {
    /// A call to an HTTP target.
    case http(HTTPAction)
    /// An execution of a flow.
    case flow(FlowAction)
}

extension Action {
    /// Reads `{"http": {…}}` or `{"flow": {…}}`; appends every mistake with its pointer, and is nil if there is one.
    package init?(_ value: JSON, at pointer: String = "/action", errors: inout [FieldError]) {
        var fields = JSONFields(value, at: pointer)
        let action = Action(&fields)
        fields.finish()
        errors += fields.errors
        guard fields.errors.isEmpty, let action else { return nil }
        self = action
    }

    /// Reads the fields of `{"http": {…}}` or `{"flow": {…}}`; nil if there is a mistake.
    package init?(_ fields: inout JSONFields) {
        let before = fields.errors.count
        let hasFlow = !fields.isDescribing && fields.raw("flow") != nil
        let hasCall = !fields.isDescribing && fields.raw("http") != nil
        let flow = fields.object("flow", isRequired: false, "the flow to start") { FlowAction(&$0) }
        let call = fields.object("http", isRequired: !hasFlow && !fields.isDescribing, "the call to make") {
            HTTPAction(&$0)
        }
        if hasFlow, hasCall { fields.fail("flow", "an action is either http or flow") }
        guard fields.errors.count == before else { return nil }
        if let flow { self = .flow(flow) } else if let call { self = .http(call) } else { return nil }
    }

    /// The document that `init(_:at:errors:)` reads, with all defaults filled in.
    package var json: JSON {
        switch self {
        case .http(let call): ["http": call.json]
        case .flow(let flow): ["flow": flow.json]
        }
    }

    /// Writes a tag for the kind of action, then the action.
    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .http(let call):
            writer.write(unsigned: Action.httpTag)
            call.encode(into: &writer)
        case .flow(let flow):
            writer.write(unsigned: Action.flowTag)
            flow.encode(into: &writer)
        }
    }

    /// Reads what `encode` wrote; a tag that this version does not know is a failure.
    package init(from reader: inout ByteReader) throws(ByteReader.Failure) {
        switch try reader.unsigned() {
        case Action.httpTag: self = .http(try HTTPAction(from: &reader))
        case Action.flowTag: self = .flow(try FlowAction(from: &reader))
        case 0: throw reader.failure("a kind of action")
        default: throw reader.laterVersion("a kind of action that this version knows")
        }
    }

    private static let httpTag: UInt64 = 1
    private static let flowTag: UInt64 = 2
}
