/// What the monitor does; the raw value is the name under which it records when it did it (protocols.md, 25b).
package enum MonitorDuty: String, CaseIterable, Sendable {
    /// Housekeeping and statistics of the queues.
    case queues
    /// Publishing the tenant directory.
    case tenants
    /// Raising the generation counter, and reconciling a Redis that went back.
    case generation
    /// Sending lost triggers again, and settling cancelled ones.
    case overdue
    /// Sending lost hints of executions again, and removing executions that ended long ago.
    case flows
    /// Creating and dropping the partitions of days, and cleaning up.
    case partitions
}
