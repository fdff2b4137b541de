package import Model

/// The occurrences of a timing, its time zones looked up.
///
/// Occurrences are whole milliseconds, strictly increasing, each once however many entries name it.
package struct CompiledTiming: Sendable {
    private enum Source: Sendable {
        case every(Every)
        case cron(CronWalk)
        case at(Timestamp)

        func next(atOrAfter time: Timestamp) -> Timestamp? {
            switch self {
            case .every(let every): return every.next(atOrAfter: time)
            case .cron(let walk):
                return walk.next(atOrAfter: -floorDivide(-time.microseconds, 1_000_000)).map { Timestamp(seconds: $0) }
            case .at(let at): return time <= at ? at : nil
            }
        }

        /// Where an exclusion that covers a time ends; nil where it does not cover it.
        func exclusionEnd(_ time: Timestamp) -> Timestamp? {
            switch self {
            case .every(let every): return every.contains(time) ? time + .microseconds(1) : nil
            case .cron(let walk):
                let second = time.seconds
                return walk.excludes(second) ? Timestamp(seconds: walk.exclusionEnd(second)) : nil
            case .at(let at): return time == at ? time + .microseconds(1) : nil
            }
        }
    }

    private let when: [Source]
    private let except: [Source]
    private let from: Timestamp?
    private let until: Timestamp?
    /// A time zone that the catalog does not have. Its entries are left out, so that the occurrences are not the true ones.
    package let missingZone: String?

    /// After so long without an occurrence that is not excluded there is none: 10 years of 366 days.
    private static let patience: Duration = .seconds(10 * 366 * 86_400)
    /// And after so many excluded ones in a row.
    private static let maximumRejections = 1_000_000

    package init(_ timing: Timing, zones: ZoneCatalog) {
        var missing: String?
        func source(_ entry: CalendarEntry) -> Source? {
            switch entry {
            case .every(let every): return .every(every)
            case .at(let time): return .at(time)
            case .cron(let cron):
                guard let zone = zones.zone(cron.timeZone) else {
                    missing = cron.timeZone
                    return nil
                }
                return .cron(CronWalk(entry: cron, zone: zone))
            }
        }
        when = timing.when.compactMap(source)
        except = timing.except.isEmpty ? [] : timing.except.compactMap(source)
        from = timing.from
        until = timing.until
        missingZone = missing
    }

    /// The first occurrence after that time; nil for none.
    package func next(after time: Timestamp) -> Timestamp? { next(atOrAfter: time + .microseconds(1)) }

    /// The first occurrence at or after that time; nil for none.
    package func next(atOrAfter time: Timestamp) -> Timestamp? {
        guard let next = unbounded(atOrAfter: from.map { max($0, time) } ?? time), next <= until ?? .distantFuture
        else {
            return nil
        }
        return next
    }

    /// How long after an occurrence the next follows, also one beyond `until`; nil where none follows.
    func gap(after time: Timestamp) -> Duration? {
        if let every = soleEvery { return .milliseconds(every.period) }
        return unbounded(atOrAfter: time + .microseconds(1)).map { $0 - time }
    }

    /// The earlier of a time and the first that is after `until`.
    func bounded(_ end: Timestamp) -> Timestamp { until.map { min(end, $0 + .microseconds(1)) } ?? end }

    /// Whether an `at` names that time.
    func isAt(_ time: Timestamp) -> Bool {
        when.contains { source in
            if case .at(let at) = source { at == time } else { false }
        }
    }

    /// The `every` that alone makes up the timing: then the occurrences are plain arithmetic.
    var soleEvery: Every? {
        guard except.isEmpty, when.count == 1, case .every(let every) = when[0] else { return nil }
        return every
    }

    /// The cron entry that alone makes up the timing.
    var soleCron: CronWalk? {
        guard except.isEmpty, when.count == 1, case .cron(let walk) = when[0] else { return nil }
        return walk
    }

    private func unbounded(atOrAfter start: Timestamp) -> Timestamp? {
        if let every = soleEvery { return every.next(atOrAfter: start) }
        guard var candidate = united(atOrAfter: start) else { return nil }
        if except.isEmpty { return candidate }
        let limit = candidate + CompiledTiming.patience
        for _ in 0..<CompiledTiming.maximumRejections {
            guard let end = except.lazy.compactMap({ $0.exclusionEnd(candidate) }).max() else { return candidate }
            guard let next = united(atOrAfter: end), next <= limit else { return nil }
            candidate = next
        }
        return nil
    }

    private func united(atOrAfter time: Timestamp) -> Timestamp? {
        var first: Timestamp?
        for source in when {
            guard let next = source.next(atOrAfter: time) else { continue }
            first = first.map { min($0, next) } ?? next
        }
        return first
    }
}
