package import Model

/// When a schedule runs and how its occurrences become triggers: the part of a schedule that the loader reads.
///
/// Everything is resolved: anchors, `H`, the policies for changes of the clocks.
package struct Timing: Hashable, Sendable {
    /// United; never empty.
    package var when: [CalendarEntry]
    /// Taken away. Cron entries exclude by the wall clock, whatever their policies: the seconds they name, and whole
    /// minutes where they have no field for seconds. The others exclude exact times.
    package var except: [CalendarEntry]
    package var margin: Margin
    package var spread: Spread
    package var missed: MissedPolicy
    package var overlap: OverlapPolicy
    /// No occurrence is before.
    package var from: Timestamp?
    /// No occurrence is after.
    package var until: Timestamp?
    /// After so many planned triggers the schedule is finished; nil for no limit.
    package var maxTriggers: Int?

    package init(
        when: [CalendarEntry], except: [CalendarEntry] = [], margin: Margin = .omitted, spread: Spread? = nil,
        missed: MissedPolicy = .last, overlap: OverlapPolicy = .allow, from: Timestamp? = nil, until: Timestamp? = nil,
        maxTriggers: Int? = nil
    ) {
        self.when = when
        self.except = except
        self.margin = margin
        self.spread = spread ?? (margin == .omitted ? .none : .load)
        self.missed = missed
        self.overlap = overlap
        self.from = from
        self.until = until
        self.maxTriggers = maxTriggers
    }
}

extension Timing {
    /// Whether its occurrences depend on the rules of a time zone.
    package var usesZones: Bool {
        (when + except).contains { if case .cron(let entry) = $0 { entry.timeZone != "UTC" } else { false } }
    }
}
