/// What the monitor does, by the names under which it says when it did it (protocols.md, 25b).
package enum MonitorDuty: String, CaseIterable, Sendable {
    case queues
    case tenants
    case generation
    case overdue
    case partitions
}
