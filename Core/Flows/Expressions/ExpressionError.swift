/// Why a condition cannot be read, or has no value. Values are never quoted.
package struct ExpressionError: Error, Hashable, CustomStringConvertible {
    /// What went wrong, for those who decide by it.
    package enum Code: String, Sendable {
        /// The text is no condition.
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
    /// In characters from 1, where the part that failed begins.
    package var column: Int
    /// Names the operator, and the field or type that was found.
    package var detail: String

    init(_ code: Code, at column: Int, _ detail: String) {
        self.code = code
        self.column = column
        self.detail = detail
    }

    /// `column 12: there is no field auc`.
    package var description: String { "column \(column): \(detail)" }
}
