package import Model
import Store
import Synchronization

/// The schedules and triggers of a simulated Headgate, to which stores connect. Its clock is given.
///
/// What it keeps grows with the schedules and with the triggers of the days that were not dropped.
package final class InMemoryDatabase: Sendable {
    let tables: Mutex<InMemoryTables>
    let clock: @Sendable () -> Timestamp

    /// - Parameter observer: is told of each change of a trigger as it is made, and must not call the store.
    package init(
        shards: Int, clock: @escaping @Sendable () -> Timestamp,
        observer: (@Sendable (StoredChange) -> Void)? = nil
    ) {
        tables = Mutex(InMemoryTables(shards: shards, observer: observer))
        self.clock = clock
    }
}

/// One connection to an in-memory database: what the stores of Postgres are, in this process.
///
/// The conformance suite of the stores holds both to the same rules. Each verb is one step: no other verb runs during it.
package final class InMemoryStore: Sendable {
    package let database: InMemoryDatabase
    let connection: Int

    package init(_ database: InMemoryDatabase) {
        self.database = database
        connection = database.tables.withLock { tables in
            tables.connections += 1
            return tables.connections
        }
    }

    package func now() async throws -> Timestamp { database.clock() }

    /// Lets go of the shards that this connection's loader has.
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
