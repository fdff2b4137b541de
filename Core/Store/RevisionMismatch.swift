/// Something is not in the revision that a write expected; the write changed nothing.
package struct RevisionMismatch: Error, Hashable {
    /// Its present entity tag; nil: it does not exist.
    package var entityTag: String?

    /// A mismatch with what was found.
    package init(entityTag: String?) { self.entityTag = entityTag }
}
