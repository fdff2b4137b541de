import Model

extension OverlapPolicy {
    /// Reads `"allow"`, `"skip"`, `"cancel"`, `"queue"` (one waits) or `{"queue": n}` with 1 to 1,000; nil for anything
    /// else.
    init?(json: JSON) {
        switch json.text {
        case "allow": self = .allow
        case "skip": self = .skip
        case "cancel": self = .cancel
        case "queue": self = .queue(1)
        default:
            guard let members = json.members, members.count == 1, let count = json["queue"]?.int,
                (1...1_000).contains(count)
            else { return nil }
            self = .queue(count)
        }
    }

    var json: JSON {
        switch self {
        case .allow: "allow"
        case .skip: "skip"
        case .cancel: "cancel"
        case .queue(let count): ["queue": .integer(count)]
        }
    }
}
