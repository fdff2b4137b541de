/// A file in the Time Zone Information Format of RFC 9636, versions 1 to 4.
struct TZifFile {
    /// Why a file cannot be used.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// When the offset changes, in seconds since the epoch; ascending.
    private(set) var changes: [Int64] = []
    /// Seconds east of UTC, before the first change and from each on: one more than `changes`.
    private(set) var offsets: [Int32] = []
    /// What holds after the last change; nil if the last offset stays.
    private(set) var rule: PosixZoneRule?

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) throws(Failure) {
        self.bytes = bytes
        let first = try header()
        guard first.version >= UInt8(ascii: "2") else {
            try block(first, timeSize: 4)
            return
        }
        // The first block is for readers without 64-bit times.
        try skip(first.size(timeSize: 4))
        try block(try header(), timeSize: 8)
        rule = try footer()
    }

    private struct Header {
        var version: UInt8
        var utcCount, standardCount, leapCount, timeCount, typeCount, nameLength: Int

        func size(timeSize: Int) -> Int {
            timeCount * (timeSize + 1) + typeCount * 6 + nameLength + leapCount * (timeSize + 4) + standardCount
                + utcCount
        }
    }

    private mutating func header() throws(Failure) -> Header {
        guard try take(4).elementsEqual("TZif".utf8) else { throw Failure(description: "not a TZif file") }
        let version = try take(16).first!
        let header = Header(
            version: version, utcCount: Int(try integer(4)), standardCount: Int(try integer(4)),
            leapCount: Int(try integer(4)), timeCount: Int(try integer(4)), typeCount: Int(try integer(4)),
            nameLength: Int(try integer(4)))
        let counts = [header.utcCount, header.standardCount, header.leapCount, header.timeCount, header.nameLength]
        guard counts.allSatisfy({ $0 >= 0 }), header.typeCount > 0 else { throw Failure(description: "bad counts") }
        // Such files ("right/…") count leap seconds, which POSIX time does not.
        guard header.leapCount == 0 else { throw Failure(description: "counts leap seconds") }
        return header
    }

    private mutating func block(_ header: Header, timeSize: Int) throws(Failure) {
        guard header.size(timeSize: timeSize) <= bytes.count - position else { throw Failure(description: "too short") }
        for _ in 0..<header.timeCount { changes.append(try integer(timeSize)) }
        let indices = Array(try take(header.timeCount))
        var types: [Int32] = []
        for _ in 0..<header.typeCount {
            types.append(Int32(truncatingIfNeeded: try integer(4)))
            try skip(2)
        }
        try skip(header.nameLength + header.standardCount + header.utcCount)
        guard indices.allSatisfy({ Int($0) < types.count }), zip(changes, changes.dropFirst()).allSatisfy(<),
            changes.allSatisfy({ $0.magnitude < 1 << 60 }), types.allSatisfy({ $0.magnitude <= 93_600 })
        else { throw Failure(description: "bad changes") }
        offsets = [types[0]] + indices.map { types[Int($0)] }
    }

    private mutating func footer() throws(Failure) -> PosixZoneRule? {
        guard try take(1).first == UInt8(ascii: "\n"),
            let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n"))
        else { throw Failure(description: "no footer") }
        let text = bytes[position..<end]
        if text.isEmpty { return nil }
        guard let rule = PosixZoneRule(text) else {
            throw Failure(description: "a footer that is no POSIX TZ rule: \(String(decoding: text, as: UTF8.self))")
        }
        return rule
    }

    /// A big-endian, signed integer.
    private mutating func integer(_ size: Int) throws(Failure) -> Int64 {
        let raw = try take(size).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return size == 4 ? Int64(Int32(truncatingIfNeeded: raw)) : Int64(bitPattern: raw)
    }

    private mutating func take(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
        let start = position
        try skip(count)
        return bytes[start..<position]
    }

    private mutating func skip(_ count: Int) throws(Failure) {
        guard count <= bytes.count - position else { throw Failure(description: "too short") }
        position += count
    }
}
