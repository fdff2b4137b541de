/// Something that came for an execution from outside the worker, and is not applied yet (protocols.md, 16).
package struct Arrival: Hashable, Sendable {
    /// What it is. Raw values are stored.
    package enum Kind: Int, CaseIterable, Sendable {
        case callback = 1
        case cancel = 2
        case pause = 3
        case resume = 4
        case retry = 5
        /// The answer of a call that its worker could not apply.
        case answer = 6
    }

    /// In the order of their commits, nearly.
    package var id: Int
    package var kind: Kind
    /// In the engine's form; may be empty.
    package var payload: [UInt8]

    /// An arrival as stored.
    package init(id: Int, kind: Kind, payload: [UInt8]) {
        self.id = id
        self.kind = kind
        self.payload = payload
    }
}
