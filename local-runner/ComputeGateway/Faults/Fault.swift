import Model

/// What is to go wrong with a work or a call.
enum Fault: Equatable, Sendable {
    /// The work waits before it computes.
    case slow(Duration)
    /// The work fails with class `platform`.
    case fail
    /// The result is posted twice.
    case twice
    /// The call is accepted, and nothing is ever reported.
    case vanish
    /// The call is answered 503.
    case refuse

    /// Its name in `PUT /behavior`.
    var mode: String {
        switch self {
        case .slow: "slow"
        case .fail: "fail"
        case .twice: "twice"
        case .vanish: "vanish"
        case .refuse: "refuse"
        }
    }
}
