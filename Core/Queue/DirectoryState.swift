import Model

/// How complete and how recent the published copy of the tenant directory is.
package struct DirectoryState: Hashable, Sendable {
    /// Different after every publication: records read under another value may be out of date.
    package var change: String
    /// The version of the database's directory up to which everything is published; nil: not known.
    package var version: Int?
    /// Tenants that have an entry, those with an empty record included.
    package var count: Int

    /// A state as it was read.
    package init(change: String, version: Int?, count: Int) {
        self.change = change
        self.version = version
        self.count = count
    }
}
