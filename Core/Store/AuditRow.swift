package import Model

package struct AuditRow: Sendable {
    package var id: Int
    package var at: Timestamp
    package var subject: String
    package var action: String
    package var object: String
    package var reason: String?

    package init(id: Int, at: Timestamp, subject: String, action: String, object: String, reason: String?) {
        self.id = id
        self.at = at
        self.subject = subject
        self.action = action
        self.object = object
        self.reason = reason
    }
}
