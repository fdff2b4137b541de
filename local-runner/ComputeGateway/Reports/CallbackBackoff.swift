import Model

/// When a callback that was not delivered is sent again: after 0.2 s, doubling to 5 s, for two minutes.
struct CallbackBackoff: Equatable, Sendable {
    private static let longest: Duration = .seconds(5)
    private static let patience: Duration = .seconds(120)

    private var delay: Duration = .milliseconds(200)

    /// How long to wait after a failure; nil: give up.
    ///
    /// - Parameter age: the time since the first sending.
    mutating func next(age: Duration) -> Duration? {
        guard age < CallbackBackoff.patience else { return nil }
        defer { delay = min(delay * 2, CallbackBackoff.longest) }
        return delay
    }

    /// What an answer's status means for a callback.
    enum Verdict { case delivered, refused, again }

    static func verdict(status: Int) -> Verdict {
        switch status {
        case 200...299: .delivered
        // "Not now" rather than "no", although they are 4xx.
        case 408, 425, 429, 500...599: .again
        default: .refused
        }
    }
}
