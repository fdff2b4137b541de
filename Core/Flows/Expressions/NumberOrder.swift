/// The order of two numbers, exact also between int and double: nothing is rounded at 2^53.
enum NumberOrder {
    case less, equal, greater

    /// Nil: one of them is no number, or NaN.
    static func compare(_ left: ExpressionValue, _ right: ExpressionValue) -> NumberOrder? {
        switch (left, right) {
        case (.int(let left), .int(let right)): order(left, right)
        case (.double(let left), .double(let right)): left.isNaN || right.isNaN ? nil : order(left, right)
        case (.int(let left), .double(let right)): compare(left, right)
        case (.double(let left), .int(let right)): compare(right, left)?.reversed
        default: nil
        }
    }

    private static func compare(_ left: Int64, _ right: Double) -> NumberOrder? {
        if right.isNaN { return nil }
        if right >= 0x1p63 { return .less }
        if right < -0x1p63 { return .greater }
        let whole = right.rounded(.towardZero)
        let order = order(left, Int64(whole))
        return order == .equal ? self.order(whole, right) : order
    }

    private static func order<Value: Comparable>(_ left: Value, _ right: Value) -> NumberOrder {
        left < right ? .less : left == right ? .equal : .greater
    }

    private var reversed: NumberOrder {
        switch self {
        case .less: .greater
        case .equal: .equal
        case .greater: .less
        }
    }
}
