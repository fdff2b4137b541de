private import Model

/// SQL text with a name, under which each connection prepares it once and errors report it.
package struct Statement: Hashable, Sendable {
    /// Distinguishes prepared statements; Postgres keeps only its first 63 bytes.
    package let name: String
    /// The SQL, with parameters `$1`, `$2`, ….
    package let text: String

    /// A statement from a file of its own, with its `SQLConstants` filled in.
    package init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        text = SQLConstants.fill(String(decoding: bytes, as: UTF8.self))
    }

    /// A short statement that needs no file (`begin`, `commit`), named by its text, with its `SQLConstants` filled in.
    package init(_ text: String) {
        let text = SQLConstants.fill(text)
        // Postgres truncates names to 63 bytes, so longer texts get a hash to tell them apart.
        if text.utf8.count < 60 {
            name = text
        } else {
            var hash = StableHash()
            hash.combine(text)
            name = "\(text.prefix(40)) \(hash.value)"
        }
        self.text = text
    }
}

/// A statement with the values of its parameters, in order.
package struct StatementCall: Sendable {
    package let statement: Statement
    package let parameters: [PostgresValue]

    /// A call; the parameters must match the statement's `$1`, `$2`, … in number and type.
    package init(_ statement: Statement, _ parameters: [PostgresValue] = []) {
        self.statement = statement
        self.parameters = parameters
    }
}
