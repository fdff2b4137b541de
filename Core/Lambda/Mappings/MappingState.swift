/// What a mapping is at (Lambda API Reference, "EventSourceMappingConfiguration"). A call answers with a state that passes,
/// and the mapping goes on to one that stays.
package enum MappingState: String, Hashable, Sendable {
    case creating = "Creating"
    case enabling = "Enabling"
    case enabled = "Enabled"
    case disabling = "Disabling"
    case disabled = "Disabled"
    case updating = "Updating"
    case deleting = "Deleting"

    /// Whether it stays until the next call.
    package var isStable: Bool { self == .enabled || self == .disabled }
}
