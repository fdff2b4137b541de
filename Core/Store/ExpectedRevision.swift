/// What a write expects to find, by `If-Match`.
package enum ExpectedRevision: Hashable, Sendable {
    case any
    /// An entity tag, or the revision alone.
    case exactly(String)
}
