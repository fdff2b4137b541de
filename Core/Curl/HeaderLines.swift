/// The header lines of an answer that are kept: the first hundred, up to 16 KiB, and the first `Retry-After` beyond
/// them.
struct HeaderLines {
    /// Each line with its line end.
    private(set) var bytes: [UInt8] = []
    private var count = 0
    private var hasRetryAfter = false

    private static let keptLines = 100
    private static let keptBytes = 16_384
    private static let retryAfter = Array("retry-after:".utf8)

    /// Removes all lines but keeps the memory.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
        hasRetryAfter = false
    }

    mutating func append(_ line: UnsafeRawBufferPointer) {
        count += 1
        let isFirstRetryAfter =
            unsafe !hasRetryAfter && line.count <= 256 && line.count > HeaderLines.retryAfter.count
            && zip(line, HeaderLines.retryAfter).allSatisfy { $0 | 0x20 == $1 | 0x20 }
        if isFirstRetryAfter { hasRetryAfter = true }
        let hasRoom = count <= HeaderLines.keptLines && bytes.count + line.count <= HeaderLines.keptBytes
        if hasRoom || isFirstRetryAfter { unsafe bytes.append(contentsOf: line) }
    }

    /// The status in an answer's first line, such as `HTTP/1.1 200 OK` or `HTTP/2 200`; nil for other lines.
    static func status(_ line: UnsafeRawBufferPointer) -> Int? {
        guard unsafe line.starts(with: "HTTP/".utf8), let space = unsafe line.firstIndex(of: UInt8(ascii: " ")) else {
            return nil
        }
        let digits = unsafe line[(space + 1)...].prefix { (48...57).contains($0) }
        return unsafe digits.count == 3 ? digits.reduce(0) { $0 * 10 + Int($1 - 48) } : nil
    }
}
