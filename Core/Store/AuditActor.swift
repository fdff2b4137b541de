/// Who changes something, for whom.
package struct AuditActor: Sendable {
    package var tenant: String
    package var subject: String

    package init(tenant: String, subject: String) {
        self.tenant = tenant
        self.subject = subject
    }
}
