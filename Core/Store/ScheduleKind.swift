/// What a stored schedule is for.
package enum ScheduleKind: Int, Sendable, CaseIterable {
    /// It was registered under its name.
    case named = 0
    /// It keeps the action of a single trigger or failure call, and is listed nowhere.
    case hidden = 1
}
