package import Model

package struct SecretRow: Sendable {
    package var name: String
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(name: String, createdAt: Timestamp, updatedAt: Timestamp) {
        self.name = name
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}
