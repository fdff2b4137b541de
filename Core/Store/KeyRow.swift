package import Model

package struct KeyRow: Sendable {
    package var id: Identifier
    package var tenant: String
    package var subject: String
    package var role: String
    package var groups: [String]
    package var isPlatform: Bool

    package init(id: Identifier, tenant: String, subject: String, role: String, groups: [String], isPlatform: Bool) {
        self.id = id
        self.tenant = tenant
        self.subject = subject
        self.role = role
        self.groups = groups
        self.isPlatform = isPlatform
    }
}
