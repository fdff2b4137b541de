private import CPlatform
package import Model

/// The one place that reads the host's clock.
package enum WallClock {
    /// How wrong it is made to be, by `HEADGATE_CLOCK_SHIFT` (`6s`, `-6s`), to see that functions notice.
    private static let shift: Int64 = {
        let text = FunctionSettings.variable("HEADGATE_CLOCK_SHIFT") ?? ""
        let length = (Duration(text: text.hasPrefix("-") ? text.dropFirst() : text[...]) ?? .zero).microseconds
        return text.hasPrefix("-") ? -length : length
    }()

    package static func now() -> Timestamp {
        Timestamp(microseconds: headgate_realtime_microseconds() + shift)
    }
}

/// Another machine's clock, known by its offset to the host's, measured half a round trip precisely.
package struct ClockOffset: Sendable {
    package private(set) var offset: Duration
    package private(set) var measuredAt: ContinuousClock.Instant
    /// The other clock's time then.
    private let time: Timestamp

    /// Functions warn when the host's clock is further off.
    package static let warnFrom = Duration.seconds(1)
    /// Functions refuse to start when it is further off: workers judge deadlines by the host's clock.
    package static let refuseFrom = Duration.seconds(5)
    /// How long a measurement is good for.
    package static let lifetime = Duration.seconds(30)

    /// Asks for the other clock's time, three times, and believes the quickest answer: the first may have had to connect.
    package init(_ ask: () async throws -> Timestamp) async throws {
        var best: (round: Duration, offset: Duration, other: Timestamp, at: ContinuousClock.Instant)?
        for _ in 0..<3 {
            let before = WallClock.now()
            let other = try await ask()
            let after = WallClock.now()
            let middle = Timestamp(microseconds: (before.microseconds + after.microseconds) / 2)
            if best.map({ after - before < $0.round }) ?? true {
                let half = Duration.microseconds((after.microseconds - before.microseconds) / 2)
                best = (after - before, other - middle, other, ContinuousClock.now - half)
            }
        }
        offset = best!.offset
        time = best!.other
        measuredAt = best!.at
    }

    /// The other clock's time now, whatever steps the host's clock makes meanwhile.
    package func now() -> Timestamp { time + (ContinuousClock.now - measuredAt) }
    package var isStale: Bool { ContinuousClock.now - measuredAt > ClockOffset.lifetime }
    package var magnitude: Duration { offset < .zero ? .zero - offset : offset }
}
