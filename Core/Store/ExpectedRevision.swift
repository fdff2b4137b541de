/// What a write expects to find, from `If-Match` (RFC 9110, 13.1.1).
package enum ExpectedRevision: Hashable, Sendable {
    /// That it exists: `*`.
    case any
    /// This entity tag, without quotes, or the revision alone.
    case exactly(String)
}
