package import Model
import Store
import Synchronization

/// The executions of a simulated Headgate, to which stores connect. Its clock is given.
package final class InMemoryFlowDatabase: Sendable {
    let tables = Mutex(InMemoryFlowTables())
    let clock: @Sendable () -> Timestamp

    /// An empty database.
    package init(clock: @escaping @Sendable () -> Timestamp) { self.clock = clock }
}

/// An execution as the in-memory store keeps it: the columns of the table `execution`.
struct StoredExecution: Sendable {
    var row: ExecutionRow
    /// Of the next row of its history.
    var seq = 1
    var schedule: ScheduleID?
    var digest: [UInt8]
    /// It was started because another has failed.
    var handlesFailure = false
    /// Transactions in a row that failed for it alone.
    var failures = 0
}

/// A row of the table `arrival`.
struct StoredArrival: Sendable {
    var arrival: Arrival
    var tenant: TenantID
    var at: Timestamp
}

/// A row of the table `wake`.
struct StoredWake: Sendable {
    var tenant: TenantID
    var due: Timestamp
}

/// A row of the table `overlap`.
struct StoredOverlap: Sendable {
    var row: OverlapRow
    var tenant: TenantID
    /// When what runs began to.
    var since: Timestamp
}

/// A row of an outbox table; its address is its place there.
struct StoredOutboxRow: Sendable {
    var xid: UInt64
    var row: HistoryRow
}

/// The tables and indexes of executions; operations that span several of them are here.
struct InMemoryFlowTables: Sendable {
    var executions: [ExecutionID: StoredExecution] = [:]
    /// In the order of their ids.
    var arrivals: [ExecutionID: [StoredArrival]] = [:]
    var lastArrival = 0
    private(set) var wakes: [ExecutionID: StoredWake] = [:]
    /// By bucket, the wakes in the order of their times.
    private(set) var buckets: [[TimedID<ExecutionID>]] = Array(repeating: [], count: ExecutionID.buckets)
    /// By execution, in the order of steps and attempts.
    var outputs: [ExecutionID: [OutputRow]] = [:]
    /// When executions that have ended leave, and the last such time of each.
    var ended = Heap<TimedID<ExecutionID>>()
    var forgetAt: [ExecutionID: Timestamp] = [:]
    /// Until when workers are taken for alive.
    var workers: [Identifier: Timestamp] = [:]
    var definitions: [DefinitionID: DefinitionRow] = [:]
    var bindings: [Int: BindingRow] = [:]
    /// The origins of triggers that start flows.
    var origins: [TriggerID: TriggerOrigin] = [:]
    var overlaps: [ScheduleID: StoredOverlap] = [:]
    var outbox: [[StoredOutboxRow]] = [[], []]
    /// The outbox table in use.
    var turn = 0
    /// The id of the next transaction.
    var nextXid: UInt64 = 1
    var outboxHolder: Int?
    var groupHolders: [Int: Int] = [:]
    var connections = 0

    // MARK: Wakes

    mutating func setWake(of id: ExecutionID, tenant: TenantID, due: Timestamp) {
        removeWake(of: id)
        wakes[id] = StoredWake(tenant: tenant, due: due)
        let entry = TimedID(time: due, id: id)
        let bucket = id.bucket
        buckets[bucket].insert(entry, at: place(of: entry, in: bucket))
    }

    mutating func removeWake(of id: ExecutionID) {
        guard let wake = wakes.removeValue(forKey: id) else { return }
        let bucket = id.bucket
        buckets[bucket].remove(at: place(of: TimedID(time: wake.due, id: id), in: bucket))
    }

    /// The place of the first entry that is not before this one.
    func place(of entry: TimedID<ExecutionID>, in bucket: Int) -> Int {
        let entries = buckets[bucket]
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle] < entry { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: Arrivals

    mutating func addArrival(
        _ kind: Arrival.Kind, _ payload: [UInt8], to id: ExecutionID, tenant: TenantID, now: Timestamp
    ) {
        lastArrival += 1
        let arrival = Arrival(id: lastArrival, kind: kind, payload: payload)
        arrivals[id, default: []].append(StoredArrival(arrival: arrival, tenant: tenant, at: now))
    }

    // MARK: Overlap

    /// As `finish-overlaps.sql`: ends a run, and starts the one that waits behind it.
    mutating func finishRun(_ execution: ExecutionID, of schedule: ScheduleID, now: Timestamp) {
        guard var overlap = overlaps[schedule] else { return }
        if overlap.row.running == execution.value {
            overlap.row.running = overlap.row.waiting.isEmpty ? nil : overlap.row.waiting.removeFirst()
            overlap.since = now
            if let next = overlap.row.running.map({ ExecutionID($0) }), executions[next]?.row.status == .pending {
                executions[next]!.row.status = .new
                setWake(of: next, tenant: executions[next]!.row.tenant, due: now)
            }
        } else {
            overlap.row.waiting.removeAll { $0 == execution.value }
        }
        overlaps[schedule] = overlap.row.running == nil ? nil : overlap
    }

    // MARK: The end

    /// Removes an execution with all that belongs to it.
    mutating func remove(_ id: ExecutionID) {
        executions[id] = nil
        arrivals[id] = nil
        outputs[id] = nil
        forgetAt[id] = nil
        removeWake(of: id)
    }
}
