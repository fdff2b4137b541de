import HTTP
import Synchronization

/// Calls that ended, handed from the HTTP client's thread to the worker in batches.
final class Finished: Sendable {
    struct Item: Sendable {
        let delivery: Delivery
        let result: HTTPResult
    }
    private struct State {
        var items: [Item] = []
        var waiter: CheckedContinuation<Void, Never>?
        var isClosed = false
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

    /// What ended since the last call, without waiting.
    func takeNow() -> [Item] {
        state.withLock { state in
            defer { state.items = [] }
            return state.items
        }
    }

    /// What ended since the last call, after waiting for something; nil when closed and empty.
    func next() async -> [Item]? {
        while true {
            let (items, isClosed) = state.withLock { state in
                defer { state.items = [] }
                return (state.items, state.isClosed)
            }
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
