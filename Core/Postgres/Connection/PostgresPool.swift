private import Synchronization

/// A few connections that many tasks share. A task waits its turn, first come first served.
package final class PostgresPool: Sendable {
    private struct State {
        var idle: [PostgresConnection]
        var waiting: [CheckedContinuation<PostgresConnection, Never>] = []
    }
    private let state: Mutex<State>

    /// Connections are made when they are first used.
    package init(_ configuration: PostgresConnection.Configuration, size: Int) {
        state = Mutex(State(idle: (0..<size).map { _ in PostgresConnection(configuration) }))
    }

    package func with<Value: Sendable>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = await take()
        defer { give(connection) }
        return try await body(connection)
    }

    private func take() async -> PostgresConnection {
        await withCheckedContinuation { continuation in
            let connection = state.withLock { state -> PostgresConnection? in
                if let connection = state.idle.popLast() { return connection }
                state.waiting.append(continuation)
                return nil
            }
            if let connection { continuation.resume(returning: connection) }
        }
    }

    private func give(_ connection: PostgresConnection) {
        let waiter = state.withLock { state -> CheckedContinuation<PostgresConnection, Never>? in
            if state.waiting.isEmpty {
                state.idle.append(connection)
                return nil
            }
            return state.waiting.removeFirst()
        }
        waiter?.resume(returning: connection)
    }
}
