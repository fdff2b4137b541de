private import Model

/// What a function's answer settles of a batch.
package enum BatchVerdict: Hashable, Sendable {
    /// All are deleted.
    case all
    /// All stay until their visibility timeouts end.
    case none
    /// These stay; the others are deleted.
    case allBut(Set<String>)

    /// Reads the answer of a function that was invoked with a batch.
    ///
    /// Without reported items any answer is a success. With them: nothing, null, an empty list or none at all are a success;
    /// an answer that is not JSON, a list of the wrong form, or an identifier that is empty, null or of no message of the
    /// batch is a failure of all ("Reporting batch item failures", AWS documentation).
    ///
    /// - Parameters:
    ///   - answer: nil: the function failed.
    ///   - ids: the message ids of the batch.
    package init(answer: [UInt8]?, ids: Set<String>, reportsItemFailures: Bool) {
        guard let answer else {
            self = .none
            return
        }
        guard reportsItemFailures, !answer.allSatisfy({ $0 <= 32 }) else {
            self = .all
            return
        }
        guard let json = try? JSON(parsing: answer) else {
            self = .none
            return
        }
        if json == .null {
            self = .all
            return
        }
        guard let failures = json["batchItemFailures"], failures != .null else {
            self = json.members == nil ? .none : .all
            return
        }
        guard let elements = failures.elements else {
            self = .none
            return
        }
        var failed: Set<String> = []
        for element in elements {
            guard let id = element["itemIdentifier"]?.text, ids.contains(id) else {
                self = .none
                return
            }
            failed.insert(id)
        }
        self = failed.isEmpty ? .all : .allBut(failed)
    }

    /// The ids whose messages are to be deleted, in the order of the batch.
    package func deleted(of ids: [String]) -> [String] {
        switch self {
        case .all: ids
        case .none: []
        case .allBut(let failed): ids.filter { !failed.contains($0) }
        }
    }
}
