/// A point in time: whole microseconds since 1970-01-01T00:00:00Z, without leap seconds (POSIX time).
///
/// Postgres stores microseconds; occurrences are whole milliseconds.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Since 1970; negative before.
    public var microseconds: Int64

    /// So many microseconds after 1970.
    public init(microseconds: Int64) { self.microseconds = microseconds }
    /// So many milliseconds after 1970.
    public init(milliseconds: Int64) { self.microseconds = milliseconds * 1_000 }
    /// So many seconds after 1970.
    public init(seconds: Int64) { self.microseconds = seconds * 1_000_000 }

    /// Whole milliseconds, rounded towards the past.
    public var milliseconds: Int64 { floorDivide(microseconds, 1_000) }
    /// Whole seconds, rounded towards the past.
    public var seconds: Int64 { floorDivide(microseconds, 1_000_000) }
    /// The same time, rounded towards the past to a whole millisecond.
    public var flooredToMillisecond: Timestamp { Timestamp(milliseconds: milliseconds) }

    /// The same time, rounded towards the future to a whole millisecond.
    package var ceiledToMillisecond: Timestamp { Timestamp(milliseconds: -floorDivide(-microseconds, 1_000)) }
    /// What a text must be to be read as a time, for messages.
    package static let requirement =
        "a time in RFC 3339, such as \"2026-12-01T09:00:00+01:00\", whose year in UTC is 0000 to 9999"

    /// 9999-12-31T23:59:59.999Z, the last time that RFC 3339 can express; stands for "never".
    public static let distantFuture = Timestamp(milliseconds: 253_402_300_799_999)
    /// 0000-01-01T00:00:00.000Z, the first time that RFC 3339 can express.
    public static let earliest = Timestamp(milliseconds: -62_167_219_200_000)
    /// Before every other time.
    public static let distantPast = Timestamp(microseconds: .min)
    /// 1970-01-01T00:00:00Z.
    public static let epoch = Timestamp(microseconds: 0)

    /// Whether its year in UTC is 0000 to 9999, so that it can be written as text and read back.
    public var isWritable: Bool { Timestamp.earliest <= self && milliseconds <= Timestamp.distantFuture.milliseconds }

    /// Earlier is less.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }
    /// The time so much later; the sum must fit into 64 bits of microseconds.
    public static func + (time: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(microseconds: time.microseconds + duration.microseconds)
    }
    /// The time so much earlier.
    public static func - (time: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(microseconds: time.microseconds - duration.microseconds)
    }
    /// The time from `right` to `left`; negative if `left` is earlier.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .microseconds(left.microseconds - right.microseconds)
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds: `2026-03-29T01:00:00.000Z`. Times outside the years 0000 to 9999 are written
    /// as the nearest one within.
    public var description: String {
        guard isWritable else { return (self < .epoch ? Timestamp.earliest : .distantFuture).description }
        return unsafe String(unsafeUninitializedCapacity: 24) { buffer in unsafe write(into: buffer) }
    }

    private func write(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let days = floorDivide(seconds, 86_400)
        let second = Int(seconds - days * 86_400)
        let date = CivilDate(daysSinceEpoch: Int(days))
        var at = 0
        func put(_ value: Int, digits: Int) {
            var value = value
            for place in stride(from: at + digits - 1, through: at, by: -1) {
                unsafe buffer[place] = UInt8(48 + value % 10)
                value /= 10
            }
            at += digits
        }
        func put(_ character: Unicode.Scalar) {
            unsafe buffer[at] = UInt8(character.value)
            at += 1
        }
        put(date.year, digits: 4)
        put("-")
        put(date.month, digits: 2)
        put("-")
        put(date.day, digits: 2)
        put("T")
        put(second / 3_600, digits: 2)
        put(":")
        put(second / 60 % 60, digits: 2)
        put(":")
        put(second % 60, digits: 2)
        put(".")
        put(Int(milliseconds - seconds * 1_000), digits: 3)
        put("Z")
        return at
    }

    /// Reads RFC 3339: a date, `T` or a space, a time with an optional fraction, and `Z` or an offset.
    ///
    /// Digits after the microsecond are dropped. Nil for anything else, February 30th included, and for years in UTC
    /// before 0000 or after 9999.
    public init?(_ text: some StringProtocol) {
        var reader = DigitReader(Array(text.utf8))
        guard let year = reader.number(digits: 4), reader.take("-"), let month = reader.number(digits: 2),
            reader.take("-"),
            let day = reader.number(digits: 2), let date = CivilDate(year: year, month: month, day: day),
            reader.take("T") || reader.take("t") || reader.take(" "), let hour = reader.number(digits: 2), hour < 24,
            reader.take(":"), let minute = reader.number(digits: 2), minute < 60, reader.take(":"),
            let second = reader.number(digits: 2), second <= 60
        else { return nil }
        var micros: Int64 = 0
        if reader.take(".") {
            guard let fraction = reader.fraction() else { return nil }
            micros = fraction
        }
        var offset = 0
        if !(reader.take("Z") || reader.take("z")) {
            let sign = reader.take("-") ? -1 : reader.take("+") ? 1 : 0
            guard sign != 0, let hours = reader.number(digits: 2), hours < 24, reader.take(":"),
                let minutes = reader.number(digits: 2), minutes < 60
            else { return nil }
            offset = sign * (hours * 3_600 + minutes * 60)
        }
        guard reader.isAtEnd else { return nil }
        let total = Int64(date.daysSinceEpoch) * 86_400 + Int64(hour * 3_600 + minute * 60 + second - offset)
        self.init(microseconds: total * 1_000_000 + micros)
        guard isWritable else { return nil }
    }
}

extension Duration {
    /// Whole microseconds, rounded towards zero; saturates beyond about 292,000 years.
    public var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : product + attoseconds / 1_000_000_000_000
    }
    /// Whole milliseconds, rounded towards zero.
    public var milliseconds: Int64 { microseconds / 1_000 }
    /// Seconds as a floating-point number.
    public var inSeconds: Double { Double(microseconds) / 1e6 }
}

/// Integer division that rounds down, also for negative values; the divisor must be positive.
package func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : (value - divisor + 1) / divisor
}

/// Reads fixed-width digits and punctuation from bytes.
struct DigitReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(truncatingIfNeeded: character.value) else {
            return false
        }
        position += 1
        return true
    }

    mutating func number(digits: Int) -> Int? {
        guard position + digits <= bytes.count else { return nil }
        var value = 0
        for index in position..<position + digits {
            guard (48...57).contains(bytes[index]) else { return nil }
            value = value * 10 + Int(bytes[index] - 48)
        }
        position += digits
        return value
    }

    /// The digits after a decimal point, as microseconds.
    mutating func fraction() -> Int64? {
        let start = position
        var value: Int64 = 0
        var scale: Int64 = 100_000
        while position < bytes.count, (48...57).contains(bytes[position]) {
            value += Int64(bytes[position] - 48) * scale
            scale /= 10
            position += 1
        }
        return position > start ? value : nil
    }
}
