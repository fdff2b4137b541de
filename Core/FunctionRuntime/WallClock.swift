private import CPlatform
package import Model

/// The only place that reads the host's clock.
package enum WallClock {
    /// How wrong `HEADGATE_CLOCK_SHIFT` (`6s`, `-6s`) makes the clock, to test that functions notice.
    private static let shift: Int64 = {
        let text = FunctionSettings.variable("HEADGATE_CLOCK_SHIFT") ?? ""
        let length = (Duration(text: text.hasPrefix("-") ? text.dropFirst() : text[...]) ?? .zero).microseconds
        return text.hasPrefix("-") ? -length : length
    }()

    /// The host's time, in microseconds.
    package static func now() -> Timestamp {
        Timestamp(microseconds: headgate_realtime_microseconds() + shift)
    }
}

/// Another machine's clock, known by its offset from the host's clock and accurate to half a round trip.
package struct ClockOffset: Sendable {
    /// The other clock minus the host's, when it was measured.
    package private(set) var offset: Duration
    /// When the other clock was read.
    package private(set) var measuredAt: ContinuousClock.Instant
    /// The other clock's reading.
    private let time: Timestamp

    /// Functions warn when the clocks differ by this much.
    package static let warnFrom = Duration.seconds(1)
    /// Functions refuse to start when the clocks differ by this much: workers judge deadlines by the host's clock.
    package static let refuseFrom = Duration.seconds(5)
    /// How long a measurement is used.
    package static let lifetime = Duration.seconds(30)

    /// Asks for the other clock's time three times and uses the quickest answer: the first may have had to connect.
    /// Throws what `ask` throws.
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

    /// The other clock's time now, unaffected by steps of the host's clock since the measurement.
    package func now() -> Timestamp { time + (ContinuousClock.now - measuredAt) }
    /// Whether the measurement is older than `lifetime`.
    package var isStale: Bool { ContinuousClock.now - measuredAt > ClockOffset.lifetime }
    /// The offset without its sign.
    package var magnitude: Duration { offset < .zero ? .zero - offset : offset }
}
