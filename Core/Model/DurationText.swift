extension Duration {
    /// Reads a duration as users write it: `500ms`, `90s`, `1h30m`, `7d`, `2w`, or ISO 8601 `PT1H30M`, `P7D`.
    ///
    /// Units are `w d h m s ms us`, each at most once and from large to small; of several numbers only the last may
    /// have a decimal fraction. ISO 8601 years and months are refused: they have no fixed length. Nil for anything
    /// else, negative durations included.
    public init?(text: some StringProtocol) {
        let bytes = Array(text.utf8)
        let parsed = bytes.first == UInt8(ascii: "P") ? Duration.iso(bytes) : Duration.short(bytes)
        guard let parsed else { return nil }
        self = .microseconds(parsed)
    }

    /// The duration in days and smaller units: `1h30m`, `0s`, `-5s`. `init(text:)` reads it back unless it is negative.
    public var text: String {
        var rest = microseconds.magnitude
        if rest == 0 { return "0s" }
        var text = microseconds < 0 ? "-" : ""
        for (unit, size) in Duration.shortUnits where unit != "w" && rest >= UInt64(size) {
            text += "\(rest / UInt64(size))\(unit)"
            rest %= UInt64(size)
        }
        return text
    }

    private static let shortUnits: [(String, Int64)] = [
        ("w", 604_800_000_000), ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000),
        ("ms", 1_000), ("us", 1),
    ]

    private static func short(_ bytes: [UInt8]) -> Int64? {
        var total: Int64 = 0
        var next = 0
        var index = 0
        guard !bytes.isEmpty else { return nil }
        while index < bytes.count {
            guard let amount = number(bytes, &index) else { return nil }
            let start = index
            while index < bytes.count, (97...122).contains(bytes[index]) { index += 1 }
            let unit = String(decoding: bytes[start..<index], as: UTF8.self)
            guard let place = shortUnits[next...].firstIndex(where: { $0.0 == unit }) else { return nil }
            next = place + 1
            guard let sum = amount.added(to: total, unit: shortUnits[place].1) else { return nil }
            if amount.scale > 1 && index < bytes.count { return nil }
            total = sum
        }
        return total
    }

    private static func iso(_ bytes: [UInt8]) -> Int64? {
        let days: [(UInt8, Int64)] = [(UInt8(ascii: "W"), 604_800_000_000), (UInt8(ascii: "D"), 86_400_000_000)]
        let times: [(UInt8, Int64)] = [
            (UInt8(ascii: "H"), 3_600_000_000), (UInt8(ascii: "M"), 60_000_000), (UInt8(ascii: "S"), 1_000_000),
        ]
        var units = days[...]
        var total: Int64 = 0
        var index = 1
        var found = false
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "T"), units.startIndex <= days.count,
                units.last?.0 == UInt8(ascii: "D") || units.isEmpty
            {
                units = times[...]
                index += 1
                found = false
                continue
            }
            guard let amount = number(bytes, &index), index < bytes.count,
                let place = units.firstIndex(where: { $0.0 == bytes[index] }),
                let sum = amount.added(to: total, unit: units[place].1)
            else { return nil }
            units = units[(place + 1)...]
            index += 1
            total = sum
            found = true
        }
        return found ? total : nil
    }

    /// A decimal number: its digits, and the power of ten that they are divided by.
    private struct Decimal {
        var digits: Int64
        var scale: Int64

        func added(to total: Int64, unit: Int64) -> Int64? {
            let (whole, overflow) = (digits / scale).multipliedReportingOverflow(by: unit)
            let part = Int64(Double(digits % scale) * (Double(unit) / Double(scale)))
            let (sum, overflowed) = total.addingReportingOverflow(whole)
            return overflow || overflowed || sum > .max - part ? nil : sum + part
        }
    }

    private static func number(_ bytes: [UInt8], _ index: inout Int) -> Decimal? {
        var decimal = Decimal(digits: 0, scale: 1)
        let start = index
        var isFraction = false
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "."), !isFraction, index > start {
                isFraction = true
            } else if (48...57).contains(bytes[index]), index - start < 15 {
                decimal.digits = decimal.digits * 10 + Int64(bytes[index] - 48)
                if isFraction { decimal.scale *= 10 }
            } else {
                break
            }
            index += 1
        }
        return index > start && (!isFraction || decimal.scale > 1) ? decimal : nil
    }
}
