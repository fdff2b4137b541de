import Flows
import Model
import Queue

/// Executions that have something to do: hints that were received, and answers of calls. Tenants take turns.
struct PendingWork {
    /// What there is to do for one execution.
    struct Item {
        var execution: ExecutionID
        var tenant: TenantID
        /// The lease of its hint; nil: only answers have come.
        var hint: Receipt?
        var answers: [PendingAnswer] = []
        /// Not before this.
        var notBefore: ContinuousClock.Instant
    }

    private var items: [ExecutionID: Item] = [:]
    /// Executions of each tenant, in the order in which they came.
    private var queues: [TenantID: [ExecutionID]] = [:]
    /// Tenants, the next in turn first.
    private var turns: [TenantID] = []

    var isEmpty: Bool { items.isEmpty }
    var count: Int { items.count }

    /// Adds a hint. Returns the lease of an earlier one for the same execution, which it replaces.
    mutating func add(hint: Receipt, of id: ExecutionID, tenant: TenantID, now: ContinuousClock.Instant) -> Receipt? {
        let before = items[id]?.hint
        update(id, tenant, now) { $0.hint = hint }
        return before
    }

    mutating func add(_ answer: PendingAnswer, now: ContinuousClock.Instant) {
        update(answer.execution, answer.tenant, now) { item in
            item.answers.append(answer)
            // An answer does not wait for what held the execution's hint back.
            item.notBefore = min(item.notBefore, now)
        }
    }

    /// Puts back what could not be done.
    mutating func putBack(_ item: Item, notBefore: ContinuousClock.Instant, now: ContinuousClock.Instant) {
        update(item.execution, item.tenant, notBefore) { mine in
            mine.hint = mine.hint ?? item.hint
            mine.answers = item.answers + mine.answers
        }
    }

    private mutating func update(
        _ id: ExecutionID, _ tenant: TenantID, _ notBefore: ContinuousClock.Instant, _ change: (inout Item) -> Void
    ) {
        if items[id] == nil {
            items[id] = Item(execution: id, tenant: tenant, hint: nil, notBefore: notBefore)
            if queues[tenant] == nil { turns.append(tenant) }
            queues[tenant, default: []].append(id)
        }
        change(&items[id]!)
    }

    /// Takes up to `limit` executions, one of each tenant in turn. Those that may not be touched yet stay.
    mutating func take(_ limit: Int, now: ContinuousClock.Instant) -> [Item] {
        var taken: [Item] = []
        var waiting: [Item] = []
        while taken.count < limit, !turns.isEmpty {
            let tenant = turns.removeFirst()
            guard var queue = queues[tenant], !queue.isEmpty else {
                queues[tenant] = nil
                continue
            }
            let id = queue.removeFirst()
            if queue.isEmpty {
                queues[tenant] = nil
            } else {
                queues[tenant] = queue
                turns.append(tenant)
            }
            guard let item = items.removeValue(forKey: id) else { continue }
            if item.notBefore > now { waiting.append(item) } else { taken.append(item) }
        }
        for item in waiting { putBack(item, notBefore: item.notBefore, now: now) }
        return taken
    }

    /// When the next execution may be taken; nil: there is none.
    var nextTime: ContinuousClock.Instant? { items.values.lazy.map(\.notBefore).min() }

    /// All hints, which are given back.
    mutating func removeHints() -> [Receipt] {
        var hints: [Receipt] = []
        for (id, item) in items {
            guard let hint = item.hint else { continue }
            hints.append(hint)
            if item.answers.isEmpty {
                items[id] = nil
            } else {
                items[id]?.hint = nil
            }
        }
        for (tenant, queue) in queues {
            let left = queue.filter { items[$0] != nil }
            queues[tenant] = left.isEmpty ? nil : left
        }
        turns.removeAll { queues[$0] == nil }
        return hints
    }
}
