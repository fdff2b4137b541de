package import Model

/// When a schedule runs and how its occurrences become triggers: the part of a schedule that the loader reads.
///
/// Everything is resolved: anchors, `H`, the policies for changes of the clocks.
package struct Timing: Hashable, Sendable {
    /// The union of these; never empty.
    package var when: [CalendarEntry]
    /// Excluded. Cron entries exclude by the wall clock, whatever their policies: the seconds they name, or whole
    /// minutes if they have no field for seconds. The others exclude exact times.
    package var except: [CalendarEntry]
    package var margin: Margin
    package var spread: Spread
    package var missed: MissedPolicy
    package var overlap: OverlapPolicy
    /// No occurrence is earlier.
    package var from: Timestamp?
    /// No occurrence is later.
    package var until: Timestamp?
    /// The schedule is finished after so many planned triggers; nil: no limit.
    package var maxTriggers: Int?

    /// A timing with the defaults: no exclusions, no margin, `missed: last`, `overlap: allow`, no bounds.
    ///
    /// - Parameter spread: nil: `none` without a margin, `load` with one.
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
    /// Whether its occurrences depend on a time zone's rules.
    package var usesZones: Bool {
        (when + except).contains { if case .cron(let entry) = $0 { entry.timeZone != "UTC" } else { false } }
    }
}
