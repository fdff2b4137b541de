/// Who gets a connection next, of several owners that share a few: a tenant alone may use all, and of those that wait the one that
/// uses fewest goes first, among equals the one that has waited longest.
///
/// Decides only; `PostgresPool` holds the connections and the tasks.
struct PoolTurns<Waiter> {
    private var free: Int
    private var used: [String: Int] = [:]
    private var waiting: [String: [(number: Int, waiter: Waiter)]] = [:]
    private var nextNumber = 0

    init(size: Int) {
        precondition(size > 0, "a pool of \(size) connections")
        free = size
    }

    /// True: a connection is the owner's now. False: it waits, and `leave` will name it.
    mutating func enter(_ owner: String, _ waiter: @autoclosure () -> Waiter) -> Bool {
        // Nobody waits while one is free.
        if free > 0 {
            free -= 1
            used[owner, default: 0] += 1
            return true
        }
        waiting[owner, default: []].append((nextNumber, waiter()))
        nextNumber += 1
        return false
    }

    /// Gives a connection back. The waiter that has it now; nil: it is free.
    mutating func leave(_ owner: String) -> Waiter? {
        guard let count = used[owner], count > 0 else { preconditionFailure("\(owner) has no connection to give back") }
        used[owner] = count == 1 ? nil : count - 1
        let next = waiting.min { left, right in
            (used[left.key] ?? 0, left.value[0].number) < (used[right.key] ?? 0, right.value[0].number)
        }
        guard let next else {
            free += 1
            return nil
        }
        let waiter = waiting[next.key]!.removeFirst().waiter
        if waiting[next.key]!.isEmpty { waiting[next.key] = nil }
        used[next.key, default: 0] += 1
        return waiter
    }
}
