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
        } while state.withLock({ readPart(&$0) }) != .ended
    }

    /// Reads what has been written so far: a line whose writer has gone on has been delivered on return. Gives up after
    /// 64 KB, or when somebody else reads for 20 ms: a process that writes without pause must not hold up its caller, nor
    /// must a terminal that takes nothing.
    func readAvailable() {
        let deadline = ContinuousClock.now + .milliseconds(20)
        var parts = 0
        while parts < 4, ContinuousClock.now < deadline {
            switch state.withLockIfAvailable({ readPart(&$0) }) {
            case .some(.read): parts += 1
            case .some(.empty), .some(.ended): return
            case nil: sched_yield()
            }
        }
    }

    private enum Part {
        case read, empty, ended
    }

    /// Reads 16 KB at most.
    private func readPart(_ state: inout State) -> Part {
        guard state.isOpen else { return .ended }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && (errno == EINTR || errno == EAGAIN) { return .empty }
        guard count > 0 else {
            close(descriptor)
            state.isOpen = false
            if !state.line.isEmpty { body(String(decoding: state.line, as: UTF8.self)) }
            body(nil)
            return .ended
        }
        take(buffer[..<count], &state.line)
        return .read
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
