/// The bytes of an archive; numbers in them are little-endian.
struct ZipBytes {
    let bytes: [UInt8]

    var count: Int { bytes.count }

    /// Two bytes.
    func short(at offset: Int) throws(ZipError) -> Int { try number(at: offset, bytes: 2) }
    /// Four bytes.
    func word(at offset: Int) throws(ZipError) -> Int { try number(at: offset, bytes: 4) }

    /// A range, if it is within the archive.
    func slice(at offset: Int, count: Int) throws(ZipError) -> ArraySlice<UInt8> {
        guard offset >= 0, count >= 0, offset <= bytes.count - count else {
            throw ZipError(.damaged, "ends within a header")
        }
        return bytes[offset..<offset + count]
    }

    private func number(at offset: Int, bytes count: Int) throws(ZipError) -> Int {
        try slice(at: offset, count: count).reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
