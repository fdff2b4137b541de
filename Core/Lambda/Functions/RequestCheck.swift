/// The members of a request that do not meet their constraints, in AWS's words, so that a caller sees them all at once.
struct RequestCheck {
    private var failures: [String] = []

    /// Notes a failure. A value of nil is one that is missing.
    mutating func fail(_ value: String?, at member: String, _ constraint: String) {
        let text = value.map { "'\($0)'" } ?? "null"
        failures.append("Value \(text) at '\(member)' failed to satisfy constraint: \(constraint)")
    }

    /// A member that must be there.
    mutating func present(_ value: String?, at member: String) {
        if value == nil { fail(value, at: member, "Member must not be null") }
    }

    /// A number that must be in a range, if there is one.
    mutating func range(_ value: Int?, at member: String, _ range: ClosedRange<Int>) {
        guard let value else { return }
        if value < range.lowerBound {
            fail("\(value)", at: member, "Member must have value greater than or equal to \(range.lowerBound)")
        } else if value > range.upperBound {
            fail("\(value)", at: member, "Member must have value less than or equal to \(range.upperBound)")
        }
    }

    /// A text of at most so many characters.
    mutating func length(_ value: String?, at member: String, most: Int) {
        guard let value, value.unicodeScalars.count > most else { return }
        fail(value, at: member, "Member must have length less than or equal to \(most)")
    }

    /// A text that must have a form.
    mutating func pattern(_ value: String?, at member: String, _ pattern: String, _ matches: (String) -> Bool) {
        guard let value, !matches(value) else { return }
        fail(value, at: member, "Member must satisfy regular expression pattern: \(pattern)")
    }

    /// Throws what has failed, if anything has.
    func finish() throws(LambdaError) {
        if !failures.isEmpty { throw .validation(failures) }
    }
}
