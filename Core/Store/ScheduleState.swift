package enum ScheduleState: Int, Sendable, CaseIterable {
    case active = 0
    case paused = 1
    case finished = 2

    package var name: String { "\(self)" }
    package init?(name: String) {
        guard let state = ScheduleState.allCases.first(where: { $0.name == name }) else { return nil }
        self = state
    }
}
