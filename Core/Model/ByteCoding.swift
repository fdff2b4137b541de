/// Appends values to bytes in a compact form that `ByteReader` reads back: the form of queue messages and of the
/// compiled parts of a schedule.
///
/// Integers are zigzag LEB128; texts and byte strings carry their length in front. The format is positional: a record
/// begins with its version, and new fields are appended.
package struct ByteWriter: Sendable {
    /// What has been written so far.
    package private(set) var bytes: [UInt8] = []

    /// An empty writer with room for `capacity` bytes.
    package init(capacity: Int = 64) { bytes.reserveCapacity(capacity) }

    /// Writes LEB128: 7 bits a byte, the lowest first.
    package mutating func write(unsigned value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }
    /// Writes zigzag LEB128, so that small negative numbers stay short.
    package mutating func write(_ value: Int64) { write(unsigned: UInt64(bitPattern: value << 1 ^ value >> 63)) }
    /// Writes zigzag LEB128.
    package mutating func write(_ value: Int) { write(Int64(value)) }
    /// Writes one byte, 0 or 1.
    package mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }
    /// Writes microseconds since 1970.
    package mutating func write(_ value: Timestamp) { write(value.microseconds) }
    /// Writes whole microseconds.
    package mutating func write(_ value: Duration) { write(value.microseconds) }
    /// Writes 16 bytes, the most significant first.
    package mutating func write(_ value: Identifier) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value.high >> UInt64(shift)))
        }
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value.low >> UInt64(shift)))
        }
    }
    /// Writes 16 bytes, the most significant first.
    package mutating func write(_ value: some RecordID) { write(value.value) }
    /// Writes the length in bytes, then UTF-8.
    package mutating func write(_ value: some StringProtocol) {
        write(unsigned: UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }
    /// Writes the length, then the bytes.
    package mutating func write(bytes value: some Collection<UInt8>) {
        write(unsigned: UInt64(value.count))
        bytes.append(contentsOf: value)
    }
    /// Writes bytes whose number the reader knows.
    package mutating func write(raw value: some Collection<UInt8>) { bytes.append(contentsOf: value) }
    /// Writes a flag for whether there is a value, then the value by `body`.
    package mutating func write<Value>(optional value: Value?, _ body: (inout ByteWriter, Value) -> Void) {
        write(value != nil)
        if let value { body(&self, value) }
    }
}

/// Reads what `ByteWriter` wrote, in the same order. Every read checks its bounds and throws `Failure`.
package struct ByteReader: Sendable {
    /// The bytes end too early, or are not what the format says.
    package struct Failure: Error, CustomStringConvertible {
        /// In bytes from the start, where the reader stood.
        package var offset: Int
        /// What should have been there, in words.
        package var expected: String
        /// Whether the bytes are in a format that a later version of Headgate writes: it can read them, so that they are
        /// left to it (protocols.md, 26).
        package var isOfLaterVersion = false
        /// Offset and expectation; never the bytes.
        package var description: String { "byte \(offset): expected \(expected)" }
    }

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// Reads from the start of the slice; offsets count from there.
    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }
    /// Reads from the start of the bytes.
    package init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    /// Whether everything was read.
    package var isAtEnd: Bool { position == bytes.endIndex }
    /// The bytes that were not read yet.
    package var remaining: ArraySlice<UInt8> { bytes[position...] }

    /// A failure at the current position, for values that a caller rejects.
    package func failure(_ expected: String) -> Failure {
        Failure(offset: position - bytes.startIndex, expected: expected)
    }

    /// A failure at the current position because of a number that a later version has given a meaning.
    package func laterVersion(_ expected: String) -> Failure {
        Failure(offset: position - bytes.startIndex, expected: expected, isOfLaterVersion: true)
    }

    /// Reads LEB128 of up to 64 bits.
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
    /// Reads zigzag LEB128.
    package mutating func int64() throws(Failure) -> Int64 {
        let raw = try unsigned()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }
    /// Reads zigzag LEB128.
    package mutating func int() throws(Failure) -> Int { Int(try int64()) }
    /// Reads one byte, which must be 0 or 1.
    package mutating func bool() throws(Failure) -> Bool {
        guard position < bytes.endIndex, bytes[position] < 2 else { throw failure("a flag") }
        position += 1
        return bytes[position - 1] == 1
    }
    /// Reads microseconds since 1970.
    package mutating func timestamp() throws(Failure) -> Timestamp { Timestamp(microseconds: try int64()) }
    /// Reads whole microseconds.
    package mutating func duration() throws(Failure) -> Duration { .microseconds(try int64()) }
    /// Reads 16 bytes, the most significant first.
    package mutating func identifier() throws(Failure) -> Identifier {
        guard bytes.endIndex - position >= 16, let value = Identifier(bytes: bytes[position..<position + 16]) else {
            throw failure("an identifier")
        }
        position += 16
        return value
    }
    /// Reads a length and as many bytes, without copying them.
    package mutating func byteString() throws(Failure) -> ArraySlice<UInt8> {
        let count = try unsigned()
        guard count <= UInt64(bytes.endIndex - position) else { throw failure("\(count) bytes") }
        defer { position += Int(count) }
        return bytes[position..<position + Int(count)]
    }
    /// Reads `count` bytes, without copying them.
    package mutating func raw(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
        guard count <= bytes.endIndex - position else { throw failure("\(count) bytes") }
        defer { position += count }
        return bytes[position..<position + count]
    }
    /// Reads a length and UTF-8; invalid UTF-8 becomes U+FFFD.
    package mutating func text() throws(Failure) -> String { String(decoding: try byteString(), as: UTF8.self) }
    /// Reads a flag, and by `body` a value if the flag is set.
    package mutating func optional<Value>(
        _ body: (inout ByteReader) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        try bool() ? try body(&self) : nil
    }
}
