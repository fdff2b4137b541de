package import Model

/// A secret as a list shows it, without its value.
package struct SecretRow: Sendable {
    package var name: String
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    /// A secret of that name.
    package init(name: String, createdAt: Timestamp, updatedAt: Timestamp) {
        self.name = name
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}
