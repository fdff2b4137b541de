package import Model

/// One change, as the audit log shows it.
package struct AuditRow: Sendable {
    /// Ascends in the order of insertion.
    package var id: Int
    package var at: Timestamp
    package var subject: String
    /// What was done: `schedule.pause`.
    package var action: String
    /// What it was done to: a name, an id, or a count of things.
    package var object: String
    package var reason: String?

    /// A row as it is stored.
    package init(id: Int, at: Timestamp, subject: String, action: String, object: String, reason: String?) {
        self.id = id
        self.at = at
        self.subject = subject
        self.action = action
        self.object = object
        self.reason = reason
    }
}
