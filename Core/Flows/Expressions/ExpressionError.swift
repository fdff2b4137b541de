/// Why a condition cannot be read, or has no value. Values are never quoted.
package struct ExpressionError: Error, Hashable, CustomStringConvertible {
    /// What went wrong, for callers that switch on it.
    package enum Code: String, Sendable {
        /// The text is not a valid condition.
        case syntax
        /// A step was skipped or failed, or a field, key or element is not there.
        case absent
        /// An operator or function does not take a value of this type.
        case type
        /// The result of an operation on ints does not fit 64 bits.
        case overflow
        /// An int is divided by zero.
        case divisionByZero
        /// A text or list would exceed `Expression.longestResult`.
        case tooLong
    }

    package var code: Code
    /// Where the failing part begins, in Unicode scalars from 1.
    package var column: Int
    /// What is wrong, in a sentence without a full stop.
    package var detail: String
    /// In a template the pointer of the string with the reference; empty for conditions.
    package var place = ""
    /// In a template the reference, as written; nil for conditions, whose text the caller has.
    package var reference: String?

    init(_ code: Code, at column: Int, _ detail: String) {
        self.code = code
        self.column = column
        self.detail = detail
    }

    /// `column 12: there is no field metrics.auc`, in a template `/a/0: ${train.f1}: column 7: there is …`.
    package var description: String {
        (place.isEmpty ? "" : "\(place): ") + (reference.map { "${\($0)}: " } ?? "") + "column \(column): \(detail)"
    }

    /// The error as one of a template.
    func at(_ place: String, _ reference: FlowReference?) -> ExpressionError {
        var copy = self
        copy.place = place + self.place
        copy.reference = self.reference ?? reference?.description
        return copy
    }
}
