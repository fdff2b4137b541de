import HTTP
import Synchronization

/// Completed calls, handed from the HTTP client's thread to the worker in batches.
final class CompletedCalls: Sendable {
    struct Item: Sendable {
        let delivery: Delivery
        let result: HTTPResult
    }
    private struct State {
        var items: [Item] = []
        var waiter: CheckedContinuation<Void, Never>?
        var isClosed = false

        mutating func take(_ limit: Int) -> [Item] {
            let taken = Array(items.prefix(limit))
            items.removeFirst(taken.count)
            return taken
        }
    }
    private let state = Mutex(State())

    func append(_ item: Item) {
        let waiter = state.withLock { state in
            state.items.append(item)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    func close() {
        let waiter = state.withLock { state in
            state.isClosed = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// The calls that completed first, at most `limit`, without waiting.
    func takeNow(_ limit: Int) -> [Item] { state.withLock { $0.take(limit) } }

    /// The calls that completed first, at most `limit`; waits for one. Nil once closed and empty.
    func next(_ limit: Int) async -> [Item]? {
        while true {
            let (items, isClosed) = state.withLock { state in (state.take(limit), state.isClosed) }
            if !items.isEmpty { return items }
            if isClosed { return nil }
            await withCheckedContinuation { continuation in
                let resumes = state.withLock { state in
                    if !state.items.isEmpty || state.isClosed { return true }
                    state.waiter = continuation
                    return false
                }
                if resumes { continuation.resume() }
            }
        }
    }
}
