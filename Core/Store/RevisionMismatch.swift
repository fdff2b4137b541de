/// A thing is not as a write expected it.
package struct RevisionMismatch: Error, Hashable {
    /// What it has now. Nil: it does not exist.
    package var entityTag: String?

    package init(entityTag: String?) { self.entityTag = entityTag }
}
