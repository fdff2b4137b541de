import Model

extension CalendarEntry {
    /// Writes a tag for the kind of entry, then its parts.
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .every(let every):
            writer.write(unsigned: 0)
            writer.write(every.period)
            writer.write(every.anchor)
        case .cron(let entry):
            writer.write(unsigned: 1)
            entry.expression.encode(into: &writer)
            writer.write(entry.timeZone)
            writer.write(unsigned: UInt64(entry.gap.rawValue) << 2 | UInt64(entry.overlap.rawValue))
        case .at(let time):
            writer.write(unsigned: 2)
            writer.write(time.milliseconds)
        }
    }

    /// Reads what `encode` wrote.
    init(from reader: inout ByteReader) throws(ByteReader.Failure) {
        switch try reader.unsigned() {
        case 0:
            let period = try reader.milliseconds()
            let anchor = try reader.milliseconds()
            guard period > 0 else { throw reader.failure("a positive period") }
            self = .every(Every(milliseconds: period, anchor: anchor))
        case 1:
            let expression = try CronExpression(from: &reader)
            let timeZone = try reader.text()
            let policies = try reader.unsigned()
            guard policies < 16, let gap = CronEntry.Gap(rawValue: UInt8(policies >> 2)),
                let overlap = CronEntry.Overlap(rawValue: UInt8(policies & 3))
            else { throw reader.failure("policies for changes of the clocks") }
            self = .cron(CronEntry(expression, timeZone: timeZone, gap: gap, overlap: overlap))
        case 2: self = .at(Timestamp(milliseconds: try reader.milliseconds()))
        default: throw reader.failure("a kind of calendar entry that this version knows")
        }
    }
}

extension ByteReader {
    /// Reads milliseconds so small that sums of them do not overflow in microseconds.
    fileprivate mutating func milliseconds() throws(Failure) -> Int64 {
        let value = try int64()
        guard value.magnitude < 1 << 50 else { throw failure("milliseconds within 30,000 years") }
        return value
    }
}
