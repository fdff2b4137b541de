import Model

/// The compact form of values in a state: a tag, then the content.
///
/// Digests (`sha256:` and 64 lower-case hexadecimal digits) take 33 bytes instead of 73, and the field names of
/// references one, so that a state holds references in about a third of their JSON.
extension ExpressionValue {
    private enum Tag {
        static let null: UInt64 = 0, no: UInt64 = 1, yes: UInt64 = 2, int: UInt64 = 3, double: UInt64 = 4
        static let string: UInt64 = 5, digest: UInt64 = 6, list: UInt64 = 7, map: UInt64 = 8
    }

    /// Names that are written as their place here plus 1; 0: the name follows. Only appended to.
    private static let commonNames = ["uri", "digest", "size", "mediaType"]

    func encode(into writer: inout ByteWriter) {
        switch self {
        case .null: writer.write(unsigned: Tag.null)
        case .bool(let flag): writer.write(unsigned: flag ? Tag.yes : Tag.no)
        case .int(let number):
            writer.write(unsigned: Tag.int)
            writer.write(number)
        case .double(let number):
            writer.write(unsigned: Tag.double)
            writer.write(raw: Identifier(high: number.bitPattern, low: 0).bytes.prefix(8))
        case .string(let text):
            if let digest = ExpressionValue.digest(text) {
                writer.write(unsigned: Tag.digest)
                writer.write(raw: digest)
            } else {
                writer.write(unsigned: Tag.string)
                writer.write(text)
            }
        case .list(let elements):
            writer.write(unsigned: Tag.list)
            writer.write(unsigned: UInt64(elements.count))
            for element in elements { element.encode(into: &writer) }
        case .map(let fields):
            writer.write(unsigned: Tag.map)
            writer.write(unsigned: UInt64(fields.count))
            // Sorted by bytes, so that equal values have equal bytes.
            for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
                if let place = ExpressionValue.commonNames.firstIndex(of: name) {
                    writer.write(unsigned: UInt64(place + 1))
                } else {
                    writer.write(unsigned: 0)
                    writer.write(name)
                }
                value.encode(into: &writer)
            }
        case .written: plain.encode(into: &writer)
        }
    }

    init(from reader: inout ByteReader, depth: Int = 0) throws(ByteReader.Failure) {
        guard depth <= ExpressionValue.deepest else { throw reader.failure("a value that is nested less deeply") }
        switch try reader.unsigned() {
        case Tag.null: self = .null
        case Tag.no: self = .bool(false)
        case Tag.yes: self = .bool(true)
        case Tag.int: self = .int(try reader.int64())
        case Tag.double:
            self = .double(Double(bitPattern: try reader.raw(8).reduce(0) { $0 << 8 | UInt64($1) }))
        case Tag.string: self = .string(try reader.text())
        case Tag.digest: self = .string("sha256:" + ExpressionValue.hex(try reader.raw(32)))
        case Tag.list:
            var elements: [ExpressionValue] = []
            for _ in 0..<(try reader.unsigned()) {
                elements.append(try ExpressionValue(from: &reader, depth: depth + 1))
            }
            self = .list(elements)
        case Tag.map:
            var fields: [String: ExpressionValue] = [:]
            for _ in 0..<(try reader.unsigned()) {
                let place = try reader.unsigned()
                guard place <= ExpressionValue.commonNames.count else {
                    throw reader.laterVersion("a name that this version knows")
                }
                let name = place == 0 ? try reader.text() : ExpressionValue.commonNames[Int(place) - 1]
                fields[name] = try ExpressionValue(from: &reader, depth: depth + 1)
            }
            self = .map(fields)
        default: throw reader.laterVersion("a kind of value that this version knows")
        }
    }

    /// JSON is at most 64 deep where it is read; outputs are within two more.
    private static let deepest = 512

    /// The 32 bytes of a SHA-256 digest as it is usually written; nil for any other text.
    private static func digest(_ text: String) -> [UInt8]? {
        guard text.utf8.count == 71, text.hasPrefix("sha256:") else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        var high: UInt8?
        for byte in text.utf8.dropFirst(7) {
            let nibble: UInt8
            switch byte {
            case 48...57: nibble = byte - 48
            case 97...102: nibble = byte - 87
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | nibble)
                high = nil
            } else {
                high = nibble
            }
        }
        return bytes
    }

    private static func hex(_ bytes: ArraySlice<UInt8>) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity(64)
        for byte in bytes {
            for nibble in [byte >> 4, byte & 15] { digits.append(nibble < 10 ? 48 + nibble : 87 + nibble) }
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
