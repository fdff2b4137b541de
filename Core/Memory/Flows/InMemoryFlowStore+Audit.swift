package import Model
package import Store
import Synchronization

/// What a simulation asks of the store beyond what functions ask.
extension InMemoryFlowStore {
    /// What decides whether an execution will be moved on.
    package struct ExecutionView: Sendable {
        package var row: ExecutionRow
        package var wakeAt: Timestamp?
        /// When its first arrival came that is not applied; nil: there is none.
        package var oldestArrival: Timestamp?
        /// Whether its schedule's row knows that it waits.
        package var waits: Bool
    }

    /// An execution as it stands; nil: it has left.
    package func view(of id: ExecutionID) -> ExecutionView? {
        withTables { tables in
            guard let stored = tables.executions[id] else { return nil }
            let overlap = stored.schedule.flatMap { tables.overlaps[$0]?.row }
            return ExecutionView(
                row: stored.row, wakeAt: tables.wakes[id]?.due, oldestArrival: tables.arrivals[id]?.first?.at,
                waits: overlap.map { $0.waiting.contains(id.value) || $0.running == id.value } ?? false)
        }
    }

    /// When the next execution is to be woken; nil: none is.
    package var nextWake: Timestamp? {
        withTables { tables in tables.buckets.compactMap { $0.first?.time }.min() }
    }
}

extension InMemoryHistory {
    /// Removes what is known of an execution.
    package func forget(_ id: ExecutionID) {
        tables.withLock { tables in
            tables.events[id] = nil
            tables.open[id] = nil
            tables.ended[id] = nil
        }
    }
}
