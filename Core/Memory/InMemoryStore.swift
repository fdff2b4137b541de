package import Model
import Store
import Synchronization

/// The schedules and triggers of a simulated Headgate, to which stores connect. Its clock is given.
///
/// It grows with the schedules, and with the triggers of days that were not dropped.
package final class InMemoryDatabase: Sendable {
    let tables: Mutex<InMemoryTables>
    let clock: @Sendable () -> Timestamp

    /// An empty database.
    ///
    /// - Parameter observer: called with each change of a trigger as it is made; must not call the store.
    package init(
        shards: Int, clock: @escaping @Sendable () -> Timestamp,
        observer: (@Sendable (StoredChange) -> Void)? = nil
    ) {
        tables = Mutex(InMemoryTables(shards: shards, observer: observer))
        self.clock = clock
    }
}

/// One connection to an in-memory database, with the roles of the Postgres stores.
///
/// The conformance suite of the stores holds both to the same rules. Each method is atomic.
package final class InMemoryStore: Sendable {
    /// What it is connected to.
    package let database: InMemoryDatabase
    let connection: Int

    /// Connects to a database.
    package init(_ database: InMemoryDatabase) {
        self.database = database
        connection = database.tables.withLock { tables in
            tables.connections += 1
            return tables.connections
        }
    }

    /// The given clock.
    package func now() async throws -> Timestamp { database.clock() }

    /// Releases the shards that this connection has taken.
    package func close() async {
        withTables { tables in
            for shard in tables.shards.indices where tables.shards[shard].holder == connection {
                tables.shards[shard].holder = nil
            }
        }
    }

    func withTables<Value: Sendable>(_ body: (inout InMemoryTables) throws -> Value) rethrows -> Value {
        try database.tables.withLock { tables in try body(&tables) }
    }
}
