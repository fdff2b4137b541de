/// A trigger that a worker holds and may not call before it has asked: its queue can take no message back
/// (protocols.md, 8).
package struct HeldTrigger: Hashable, Sendable {
    package var id: TriggerID
    /// The redrive number of the message.
    package var redrive: Int
    /// Whether its target may have been called before.
    package var mayBeCalled: Bool

    /// The trigger of a message.
    package init(_ id: TriggerID, redrive: Int, mayBeCalled: Bool) {
        self.id = id
        self.redrive = redrive
        self.mayBeCalled = mayBeCalled
    }

    /// How many the API is asked about at once, at most.
    package static let most = 1_000

    /// As an element of the request's list.
    package var json: JSON {
        ["id": .string("\(id)"), "redrive": .integer(redrive), "mayBeCalled": .bool(mayBeCalled)]
    }

    /// Reads `json`; nil if there is a mistake.
    package init?(_ fields: inout JSONFields) {
        let id = fields.required("id", "a trigger's id") { $0.text.flatMap { TriggerID($0) } }
        let redrive = fields.required("redrive", "0 to 32767") { json in
            json.int.flatMap { (0...Int(Int16.max)).contains($0) ? $0 : nil }
        }
        let mayBeCalled = fields.required("mayBeCalled", "true or false") { $0.flag }
        guard fields.errors.isEmpty, let id, let redrive, let mayBeCalled else { return nil }
        self.init(id, redrive: redrive, mayBeCalled: mayBeCalled)
    }
}
