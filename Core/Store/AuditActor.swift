package import Model

/// Who makes a change, and in which tenant.
package struct AuditActor: Sendable {
    package var tenant: TenantID
    /// The user or program, as named by its API key; for the audit log.
    package var subject: String

    /// A subject acting within a tenant.
    package init(tenant: TenantID, subject: String) {
        self.tenant = tenant
        self.subject = subject
    }
}
