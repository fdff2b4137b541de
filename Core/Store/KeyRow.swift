package import Model

/// An API key as it is stored, without its text.
package struct KeyRow: Sendable {
    package var id: KeyID
    package var tenant: TenantID
    package var subject: String
    /// `viewer`, `operator`, `author` or `admin`.
    package var role: String
    package var groups: [String]
    /// Whether it may act for any tenant.
    package var isPlatform: Bool

    /// A key with these rights.
    package init(id: KeyID, tenant: TenantID, subject: String, role: String, groups: [String], isPlatform: Bool) {
        self.id = id
        self.tenant = tenant
        self.subject = subject
        self.role = role
        self.groups = groups
        self.isPlatform = isPlatform
    }
}
