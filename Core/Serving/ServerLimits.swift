/// Bounds of the functions that serve HTTP.
package enum ServerLimits {
    /// Connections at once; beyond, they wait to be accepted. An idle one takes 12 KB, and is closed after `PatienceHandler`'s
    /// times.
    package static let connections = 50_000
    /// Connections that wait to be accepted; the kernel's own maximum may be lower.
    package static let backlog = 4_096
}
