import Model

extension Margin {
    /// Reads `"10m"` or `"25%"`; nil for anything else, or for more than 7 d or 100 %.
    init?(json: JSON) {
        guard let text = json.text else { return nil }
        if text.hasSuffix("%") {
            guard let share = Margin.hundredths(text.dropLast()), share <= 10_000 else { return nil }
            self = .share(share)
        } else {
            guard let length = Duration(text: text), length >= .zero, length <= Margin.maximum,
                length.microseconds % 1_000 == 0
            else { return nil }
            self = .duration(length)
        }
    }

    var json: JSON {
        switch self {
        case .omitted: return .null
        case .duration(let length): return .string(length.text)
        case .share(let share):
            let (whole, fraction) = share.quotientAndRemainder(dividingBy: 100)
            let digits = fraction % 10 == 0 ? "\(fraction / 10)" : "\(fraction / 10)\(fraction % 10)"
            return .string(fraction == 0 ? "\(whole)%" : "\(whole).\(digits)%")
        }
    }

    /// A decimal number with at most two decimal places, times 100.
    private static func hundredths(_ text: Substring) -> Int? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts.count == 2 ? parts[1] : ""
        guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }),
            digits.utf8.count <= 2,
            let whole = Int(parts[0]), whole <= 100
        else { return nil }
        return whole * 100 + (digits.isEmpty ? 0 : Int(digits)! * (digits.utf8.count == 1 ? 10 : 1))
    }
}
