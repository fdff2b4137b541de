private import Model
private import Synchronization

/// A fixed number of connections shared by many tasks, fairly by owner (`FairSemaphore`).
package final class PostgresPool: Sendable {
    private struct State {
        var idle: [PostgresConnection]
        var semaphore: FairSemaphore<CheckedContinuation<PostgresConnection, Never>>
    }
    private let state: Mutex<State>

    /// A pool of `size` connections, each of which connects at its first use.
    package init(_ configuration: PostgresConnection.Configuration, size: Int) {
        state = Mutex(
            State(idle: (0..<size).map { _ in PostgresConnection(configuration) }, semaphore: FairSemaphore(size: size))
        )
    }

    /// Lends a connection to `body`. Waits for its turn while all are in use; cancelling the task does not end the
    /// wait.
    ///
    /// - Parameter owner: the tenant that the work is for; all callers without one count as one owner.
    package func with<Value: Sendable>(
        for owner: String = "", _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = await take(owner)
        defer { give(connection, of: owner) }
        return try await body(connection)
    }

    private func take(_ owner: String) async -> PostgresConnection {
        await withCheckedContinuation { continuation in
            let connection = state.withLock { state in
                state.semaphore.acquire(owner, continuation) ? state.idle.removeLast() : nil
            }
            if let connection { continuation.resume(returning: connection) }
        }
    }

    private func give(_ connection: PostgresConnection, of owner: String) {
        let waiter = state.withLock { state in
            let waiter = state.semaphore.release(owner)
            if waiter == nil { state.idle.append(connection) }
            return waiter
        }
        waiter?.resume(returning: connection)
    }
}
