import Glibc
import Model
import Synchronization

/// Appends one line per request: `<unix µs> <path> <idempotency key> <fire time>`, with `-` for what is missing.
///
/// Lines are written in blocks of 64 KiB, and by `flush()`, which the server calls ten times a second: a system call
/// per line would limit the test target.
final class LogFile: Sendable {
    /// The file could not be opened.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private let descriptor: Int32
    private let pending = Mutex<[UInt8]>([])

    init(path: String) throws(Failure) {
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw Failure(description: "cannot open \(path): \(unsafe String(cString: strerror(errno)))")
        }
    }

    deinit {
        flush()
        close(descriptor)
    }

    func append(time: Timestamp, path: String, key: String, fireTime: String) {
        pending.withLock { pending in
            pending.append(contentsOf: String(time.microseconds).utf8)
            for field in [path, key, fireTime] {
                pending.append(UInt8(ascii: " "))
                pending.append(contentsOf: field.isEmpty ? "-".utf8 : field.utf8)
            }
            pending.append(UInt8(ascii: "\n"))
            if pending.count >= 65_536 { write(&pending) }
        }
    }

    func flush() { pending.withLock { write(&$0) } }

    private func write(_ pending: inout [UInt8]) {
        var rest = pending[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            // A full disk loses log lines, not answers: the counts stay right.
            if written < 0 && errno != EINTR { break }
            rest = rest.dropFirst(max(written, 0))
        }
        pending.removeAll(keepingCapacity: true)
    }
}
