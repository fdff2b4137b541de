package import Model

/// One version of a flow; never changes.
package struct DefinitionRow: Hashable, Sendable {
    package var id: DefinitionID
    package var tenant: TenantID
    /// Nil: stored with an execution instead of published.
    package var name: FlowName?
    /// From 1 for each name; nil: as above.
    package var version: Int?
    /// JSON as published.
    package var body: String
    package var createdAt: Timestamp

    /// A row as stored.
    package init(
        id: DefinitionID, tenant: TenantID, name: FlowName?, version: Int?, body: String, createdAt: Timestamp
    ) {
        self.id = id
        self.tenant = tenant
        self.name = name
        self.version = version
        self.body = body
        self.createdAt = createdAt
    }
}

/// What publishing a flow did.
package struct PublishResult: Hashable, Sendable {
    /// The version that is current now.
    package var row: DefinitionRow
    /// False: the body was that of the current version already.
    package var isNew: Bool

    /// A result of both parts.
    package init(row: DefinitionRow, isNew: Bool) {
        self.row = row
        self.isNew = isNew
    }
}
