package import Model

extension FieldType where Value == Duration {
    /// A duration of a flow, which may also be in years of 365 days: `1y`, `1y6d`.
    ///
    /// A schedule refuses years, as one that runs every 365 days drifts through the calendar. A timeout is a bound, and
    /// who writes `1y` expects no leap day.
    package static func flowDuration(_ range: ClosedRange<Duration>) -> FieldType {
        FieldType(
            "a duration from \(range.lowerBound.text) to \(range.upperBound.text), such as \"90s\" or \"1y\", "
                + "of the units y (365 days), w, d, h, m, s, ms",
            schema: FieldType.duration(range).schema
        ) { value in value.text.flatMap { Duration(flowText: $0) }.flatMap { range.contains($0) ? $0 : nil } }
    }
}

extension Duration {
    /// Reads what `init(text:)` does, and a whole number of years before it.
    init?(flowText text: String) {
        guard let unit = text.firstIndex(of: "y") else {
            self.init(text: text)
            return
        }
        let (digits, rest) = (text[..<unit], text[text.index(after: unit)...])
        guard (1...4).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let years = Int64(digits), !rest.hasPrefix("P"), let more = rest.isEmpty ? .zero : Duration(text: rest)
        else { return nil }
        self = .seconds(years * 365 * 86_400) + more
    }
}
