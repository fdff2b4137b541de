/// Whether a schedule makes triggers.
package enum ScheduleState: Int, Sendable, CaseIterable {
    /// It makes triggers.
    case active = 0
    /// It makes none until it is resumed.
    case paused = 1
    /// It has no further occurrence.
    case finished = 2

    /// As the API writes it: the case's name.
    package var name: String { "\(self)" }
    /// The state of that name; nil if there is none.
    package init?(name: String) {
        guard let state = ScheduleState.allCases.first(where: { $0.name == name }) else { return nil }
        self = state
    }
}
