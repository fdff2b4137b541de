/// Appends values to bytes in a compact form that `ByteReader` reads back: the form of queue messages and of the compiled
/// parts of a schedule.
///
/// Integers are zigzag LEB128, texts and byte strings carry their length in front. The format is positional: a record
/// begins with its version, and new fields are appended.
package struct ByteWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 64) { bytes.reserveCapacity(capacity) }

    package mutating func write(unsigned value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }
    package mutating func write(_ value: Int64) { write(unsigned: UInt64(bitPattern: value << 1 ^ value >> 63)) }
    package mutating func write(_ value: Int) { write(Int64(value)) }
    package mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }
    package mutating func write(_ value: Timestamp) { write(value.microseconds) }
    package mutating func write(_ value: Duration) { write(value.microseconds) }
    package mutating func write(_ value: Identifier) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value.high >> UInt64(shift)))
        }
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value.low >> UInt64(shift)))
        }
    }
    package mutating func write(_ value: some StringProtocol) {
        write(unsigned: UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }
    package mutating func write(bytes value: some Collection<UInt8>) {
        write(unsigned: UInt64(value.count))
        bytes.append(contentsOf: value)
    }
    package mutating func write<Value>(optional value: Value?, _ body: (inout ByteWriter, Value) -> Void) {
        write(value != nil)
        if let value { body(&self, value) }
    }
}

/// Reads what `ByteWriter` wrote. Every read checks its bounds and throws `ByteReader.Failure`.
package struct ByteReader: Sendable {
    /// The bytes end too early, or are not what the format says at that offset.
    package struct Failure: Error, CustomStringConvertible {
        package var offset: Int
        package var expected: String
        package var description: String { "byte \(offset): expected \(expected)" }
    }

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }
    package init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    package var isAtEnd: Bool { position == bytes.endIndex }
    package var remaining: ArraySlice<UInt8> { bytes[position...] }

    package func failure(_ expected: String) -> Failure {
        Failure(offset: position - bytes.startIndex, expected: expected)
    }

    package mutating func unsigned() throws(Failure) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.endIndex, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        throw failure("an integer")
    }
    package mutating func int64() throws(Failure) -> Int64 {
        let raw = try unsigned()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }
    package mutating func int() throws(Failure) -> Int { Int(try int64()) }
    package mutating func bool() throws(Failure) -> Bool {
        guard position < bytes.endIndex, bytes[position] < 2 else { throw failure("a flag") }
        position += 1
        return bytes[position - 1] == 1
    }
    package mutating func timestamp() throws(Failure) -> Timestamp { Timestamp(microseconds: try int64()) }
    package mutating func duration() throws(Failure) -> Duration { .microseconds(try int64()) }
    package mutating func identifier() throws(Failure) -> Identifier {
        guard bytes.endIndex - position >= 16, let value = Identifier(bytes: bytes[position..<position + 16]) else {
            throw failure("an identifier")
        }
        position += 16
        return value
    }
    package mutating func byteString() throws(Failure) -> ArraySlice<UInt8> {
        let count = try unsigned()
        guard count <= UInt64(bytes.endIndex - position) else { throw failure("\(count) bytes") }
        defer { position += Int(count) }
        return bytes[position..<position + Int(count)]
    }
    package mutating func text() throws(Failure) -> String { String(decoding: try byteString(), as: UTF8.self) }
    package mutating func optional<Value>(
        _ body: (inout ByteReader) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        try bool() ? try body(&self) : nil
    }
}
