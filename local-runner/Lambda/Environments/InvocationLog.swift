import Synchronization

/// The log of an environment: passes lines on, and keeps the end of what the present invocation wrote.
final class InvocationLog: Sendable {
    /// What a caller may ask for, in bytes ("Invoke", AWS Lambda API reference).
    static let longestTail = 4_096

    private struct State {
        var id: String?
        var tail: [UInt8] = []
    }

    private let state = Mutex(State())
    private let sink: @Sendable (_ line: String, _ id: String?) -> Void

    /// `sink` gets each line with the request id of the invocation that it belongs to.
    init(_ sink: @escaping @Sendable (_ line: String, _ id: String?) -> Void) { self.sink = sink }

    /// What follows belongs to this invocation.
    func begin(_ id: String) {
        state.withLock { state in
            state.id = id
            state.tail = []
        }
    }

    func append(_ line: String) {
        let id = state.withLock { state in
            state.tail += line.utf8
            state.tail.append(UInt8(ascii: "\n"))
            if state.tail.count > 2 * InvocationLog.longestTail {
                state.tail.removeFirst(state.tail.count - InvocationLog.longestTail)
            }
            return state.id
        }
        sink(line, id)
    }

    /// The last 4 KB; cut at a character, since people read them.
    var tail: [UInt8] {
        state.withLock { state in
            let rest = state.tail.suffix(InvocationLog.longestTail)
            return state.tail.count > rest.count ? Array(rest.drop { $0 & 0xC0 == 0x80 }) : Array(rest)
        }
    }
}
