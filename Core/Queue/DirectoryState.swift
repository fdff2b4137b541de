import Model

package struct DirectoryState: Hashable, Sendable {
    /// Another one after every change: what was read before may be old.
    package var change: String
    /// Up to which version of the database's directory everything is published; nil: nothing was said of that.
    package var version: Int?
    /// Tenants that have an entry.
    package var count: Int

    package init(change: String, version: Int?, count: Int) {
        self.change = change
        self.version = version
        self.count = count
    }
}
