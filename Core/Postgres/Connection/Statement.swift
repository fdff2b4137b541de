private import Model

/// A statement with a name, under which each connection prepares it once and errors report it.
package struct Statement: Hashable, Sendable {
    package let name: String
    package let text: String

    /// A statement from its own file.
    package init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// A short statement that needs no file: `begin`, `commit`.
    package init(_ text: String) {
        // Postgres cuts names after 63 bytes: longer ones need an end that tells them apart.
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

/// A statement with its parameters.
package struct StatementCall: Sendable {
    package let statement: Statement
    package let parameters: [PostgresValue]

    package init(_ statement: Statement, _ parameters: [PostgresValue] = []) {
        self.statement = statement
        self.parameters = parameters
    }
}
