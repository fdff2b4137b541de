import Glibc
import Synchronization

/// The output of a process, cut into lines as it arrives.
final class LinePipe: Sendable {
    /// In bytes. Longer lines are cut into pieces of this size: a process that never ends its line must not fill the
    /// memory.
    static let longestLine = 65_536

    private struct State {
        var line: [UInt8] = []
        var isOpen = true
    }

    private let descriptor: Int32
    /// Called with the lock held, so that lines stay in order.
    private let body: @Sendable (String?) -> Void
    private let state = Mutex(State())

    /// Owns the descriptor, the reading end of a pipe. `body` gets each line, without its line end, then nil.
    init(descriptor: Int32, body: @escaping @Sendable (String?) -> Void) {
        self.descriptor = descriptor
        self.body = body
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    /// Reads until every process that holds the other end has closed it, which it blocks for.
    func readToEnd() {
        repeat {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            // Interrupted: the read finds nothing, and it waits again.
            unsafe poll(&entry, 1, -1)
        } while readAvailable()
    }

    /// Reads what has been written so far: a line whose writer has gone on has been delivered on return.
    @discardableResult func readAvailable() -> Bool {
        state.withLock { state in
            var buffer = [UInt8](repeating: 0, count: 16_384)
            while state.isOpen {
                let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
                if count < 0 && errno == EINTR { continue }
                if count < 0 && errno == EAGAIN { return true }
                guard count > 0 else {
                    close(descriptor)
                    state.isOpen = false
                    if !state.line.isEmpty { body(String(decoding: state.line, as: UTF8.self)) }
                    body(nil)
                    return false
                }
                take(buffer[..<count], &state.line)
            }
            return false
        }
    }

    private func take(_ bytes: ArraySlice<UInt8>, _ line: inout [UInt8]) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || line.count == LinePipe.longestLine {
                body(String(decoding: line, as: UTF8.self))
                line.removeAll(keepingCapacity: true)
            }
            if byte != UInt8(ascii: "\n") { line.append(byte) }
        }
    }
}
