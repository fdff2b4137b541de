import Model

extension CronExpression {
    /// Writes the text, the flags, then the sets. The set of `L-3W` is written only where it has a day: its flag is
    /// newer than version 1 of the timing, and a reader that does not know it reports the schedule.
    func encode(into writer: inout ByteWriter) {
        writer.write(text)
        writer.write(
            unsigned: UInt64(dialect.rawValue) | (hasSeconds ? 2 : 0) | (runsByElapsedTime ? 4 : 0)
                | (days.isEither ? 8 : 0) | (days.lastWeekday ? 16 : 0)
                | (days.nearestToLast != 0 ? 32 : 0))
        writer.write(unsigned: seconds)
        writer.write(unsigned: minutes)
        writer.write(unsigned: UInt64(hours))
        writer.write(unsigned: UInt64(months))
        writer.write(unsigned: UInt64(days.monthDays))
        writer.write(unsigned: UInt64(days.fromLast))
        writer.write(unsigned: UInt64(days.nearestWeekday))
        if days.nearestToLast != 0 { writer.write(unsigned: UInt64(days.nearestToLast)) }
        writer.write(unsigned: UInt64(days.weekdays))
        writer.write(unsigned: days.nthWeekdays)
        writer.write(unsigned: UInt64(days.lastWeekdays))
        writer.write(unsigned: UInt64(years.count))
        for year in years { writer.write(unsigned: UInt64(year)) }
    }

    /// Reads what `encode` wrote, without parsing the text.
    init(from reader: inout ByteReader) throws(ByteReader.Failure) {
        text = try reader.text()
        let flags = try reader.unsigned()
        guard flags < 64, let dialect = Dialect(rawValue: UInt8(flags & 1)) else { throw reader.failure("cron flags") }
        self.dialect = dialect
        hasSeconds = flags & 2 != 0
        runsByElapsedTime = flags & 4 != 0
        seconds = try reader.bits(1 << 60 - 1)
        minutes = try reader.bits(1 << 60 - 1)
        hours = UInt32(try reader.bits(1 << 24 - 1))
        months = UInt16(try reader.bits(1 << 13 - 2))
        guard seconds != 0, minutes != 0, hours != 0, months != 0 else { throw reader.failure("a time of day") }
        var days = CronDays()
        days.isEither = flags & 8 != 0
        days.lastWeekday = flags & 16 != 0
        days.monthDays = UInt32(try reader.bits(1 << 32 - 2))
        days.fromLast = UInt32(try reader.bits(1 << 31 - 1))
        days.nearestWeekday = UInt32(try reader.bits(1 << 32 - 2))
        if flags & 32 != 0 { days.nearestToLast = UInt32(try reader.bits(1 << 31 - 2)) }
        days.weekdays = UInt8(try reader.bits(1 << 7 - 1))
        days.nthWeekdays = try reader.bits(1 << 35 - 1)
        days.lastWeekdays = UInt8(try reader.bits(1 << 7 - 1))
        self.days = days
        let count = try reader.unsigned()
        guard count <= UInt64(CronField.knownYears.count) else { throw reader.failure("a list of years") }
        var years: [UInt16] = []
        for _ in 0..<count { years.append(UInt16(try reader.bits(1 << 12 - 1))) }
        self.years = years
    }
}

extension ByteReader {
    /// Reads a set of bits, none of them outside `all`.
    fileprivate mutating func bits(_ all: UInt64) throws(Failure) -> UInt64 {
        let bits = try unsigned()
        guard bits & ~all == 0 else { throw failure("bits within \(String(all, radix: 16))") }
        return bits
    }
}
