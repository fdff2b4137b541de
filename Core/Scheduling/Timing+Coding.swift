package import Model

extension Timing {
    /// The compact form that is stored with a schedule and read by the loader: a version, then the fields in order. An
    /// `every` with defaults takes about 20 bytes.
    package func encode() -> [UInt8] {
        var writer = ByteWriter(capacity: 48)
        writer.write(unsigned: Timing.version)
        for entries in [when, except] {
            writer.write(unsigned: UInt64(entries.count))
            for entry in entries { entry.encode(into: &writer) }
        }
        switch margin {
        case .omitted: writer.write(unsigned: 0)
        case .duration(let length):
            writer.write(unsigned: 1)
            writer.write(length)
        case .share(let share):
            writer.write(unsigned: 2)
            writer.write(share)
        }
        writer.write(unsigned: UInt64(spread.rawValue))
        writer.write(unsigned: UInt64(missed.rawValue))
        switch overlap {
        case .allow: writer.write(unsigned: 0)
        case .skip: writer.write(unsigned: 1)
        case .cancel: writer.write(unsigned: 2)
        case .queue(let count):
            writer.write(unsigned: 3)
            writer.write(count)
        }
        writer.write(optional: from) { $0.write($1) }
        writer.write(optional: until) { $0.write($1) }
        writer.write(optional: maxTriggers) { $0.write($1) }
        return writer.bytes
    }

    /// Reads what `encode` wrote; bytes left over are a failure.
    package init(decoding bytes: some Collection<UInt8>) throws(ByteReader.Failure) {
        var reader = ByteReader(Array(bytes))
        guard try reader.unsigned() == Timing.version else { throw reader.failure("version 1 of a timing") }
        when = try Timing.entries(&reader)
        except = try Timing.entries(&reader)
        switch try reader.unsigned() {
        case 0: margin = .omitted
        case 1: margin = .duration(try reader.duration())
        case 2: margin = .share(try reader.int())
        default: throw reader.failure("a margin")
        }
        guard margin.isWithinLimits else { throw reader.failure("a margin within its limits") }
        spread = try Timing.choice(&reader, "a spread")
        missed = try Timing.choice(&reader, "a policy for missed occurrences")
        switch try reader.unsigned() {
        case 0: overlap = .allow
        case 1: overlap = .skip
        case 2: overlap = .cancel
        case 3: overlap = .queue(try reader.int())
        default: throw reader.failure("an overlap policy")
        }
        from = try reader.bool() ? reader.timestamp() : nil
        until = try reader.bool() ? reader.timestamp() : nil
        maxTriggers = try reader.bool() ? reader.int() : nil
        guard from?.isStorable != false, until?.isStorable != false else {
            throw reader.failure("times to the year 9999")
        }
        guard reader.isAtEnd else { throw reader.failure("the end") }
    }

    private static let version: UInt64 = 1

    private static func entries(_ reader: inout ByteReader) throws(ByteReader.Failure) -> [CalendarEntry] {
        let count = try reader.unsigned()
        // Every entry takes at least two bytes; a damaged count must not reserve memory.
        guard count <= UInt64(reader.remaining.count) else { throw reader.failure("fewer entries") }
        var entries: [CalendarEntry] = []
        entries.reserveCapacity(Int(count))
        for _ in 0..<count { entries.append(try CalendarEntry(from: &reader)) }
        return entries
    }

    private static func choice<Choice: RawRepresentable<UInt8>>(
        _ reader: inout ByteReader, _ expected: String
    ) throws(ByteReader.Failure) -> Choice {
        guard let raw = UInt8(exactly: try reader.unsigned()), let choice = Choice(rawValue: raw) else {
            throw reader.failure(expected)
        }
        return choice
    }
}

extension Margin {
    fileprivate var isWithinLimits: Bool {
        switch self {
        case .omitted: true
        case .duration(let length): .zero <= length && length <= Margin.maximum
        case .share(let share): (0...10_000).contains(share)
        }
    }
}

extension Timestamp {
    /// An earlier version accepted a `from` before the year 0; it is only compared.
    fileprivate var isStorable: Bool { isWritable || self < .epoch && self > .epoch - .seconds(100_000 * 366 * 86_400) }
}
