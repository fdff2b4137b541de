/// How an execution stands, for statements and lists; the state says more. Raw values are stored.
package enum ExecutionStatus: Int, CaseIterable, Sendable {
    /// Nothing has happened yet.
    case new = 0
    case running = 1
    /// Nothing new is called.
    case paused = 2
    /// It has failed or was cancelled; remote work is being cancelled.
    case ending = 3
    case succeeded = 4
    case failed = 5
    case cancelled = 6
    /// It cannot be applied: an operator must look at it.
    case quarantined = 7
    /// It waits for another run of its schedule to end.
    case pending = 8

    /// Whether only a retry can change it.
    package var isEnded: Bool {
        switch self {
        case .new, .running, .paused, .ending, .quarantined, .pending: false
        case .succeeded, .failed, .cancelled: true
        }
    }

    /// As in the API: the case's name.
    package var name: String { "\(self)" }

    /// The status of that name; nil: there is none.
    package init?(name: String) {
        guard let found = ExecutionStatus.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}
