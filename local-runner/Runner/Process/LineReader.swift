import Glibc

/// Reads a pipe to its end and closes it.
struct LineReader {
    let descriptor: Int32

    /// In bytes. Longer lines are cut into pieces of this size: a process that never ends its line must not fill the
    /// memory.
    static let longestLine = 65_536

    /// Calls `body` with each line, without its line end. Blocks until every process that holds the other end has
    /// closed it.
    func forEachLine(_ body: (String) -> Void) {
        defer { close(descriptor) }
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            for byte in buffer[..<count] {
                if byte == UInt8(ascii: "\n") || line.count == LineReader.longestLine {
                    body(String(decoding: line, as: UTF8.self))
                    line.removeAll(keepingCapacity: true)
                }
                if byte != UInt8(ascii: "\n") { line.append(byte) }
            }
        }
        if !line.isEmpty { body(String(decoding: line, as: UTF8.self)) }
    }
}
