package import Model

/// The occurrences of a timing, with its time zones looked up.
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

        /// Where the excluded time around `time` ends, as far as known without a search; nil if `time` is not excluded.
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
    /// A time zone that the catalog lacks. Its entries are left out, so the occurrences are wrong and must not be used.
    package let missingZone: String?

    /// Gives up after so long without an occurrence that is not excluded: 10 years of 366 days.
    private static let patience: Duration = .seconds(10 * 366 * 86_400)
    /// Gives up after so many excluded occurrences in a row.
    private static let maximumRejections = 1_000_000

    /// Looks up the timing's time zones; see `missingZone`.
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

    /// The first occurrence after that time; nil if there is none.
    package func next(after time: Timestamp) -> Timestamp? { next(atOrAfter: time + .microseconds(1)) }

    /// The first occurrence at or after that time; nil if there is none.
    package func next(atOrAfter time: Timestamp) -> Timestamp? {
        guard let next = unbounded(atOrAfter: from.map { max($0, time) } ?? time), next <= until ?? .distantFuture
        else {
            return nil
        }
        return next
    }

    /// The time from an occurrence to the next, even if that is beyond `until`; nil if none follows.
    func gap(after time: Timestamp) -> Duration? {
        if let every = soleEvery { return .milliseconds(every.period) }
        return unbounded(atOrAfter: time + .microseconds(1)).map { $0 - time }
    }

    /// `end`, or the first time after `until` if that is earlier.
    func bounded(_ end: Timestamp) -> Timestamp { until.map { min(end, $0 + .microseconds(1)) } ?? end }

    /// Whether an `at` entry names that time.
    func isAt(_ time: Timestamp) -> Bool {
        when.contains { source in
            if case .at(let at) = source { at == time } else { false }
        }
    }

    /// The `every` that alone makes up the timing, so that the occurrences are plain arithmetic; nil otherwise.
    var soleEvery: Every? {
        guard except.isEmpty, when.count == 1, case .every(let every) = when[0] else { return nil }
        return every
    }

    /// The cron entry that alone makes up the timing; nil otherwise.
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
