/// Who gets one of a few things next, of several owners that share them: a tenant alone may use all, and of those that wait the one
/// that uses fewest goes first, among equals the one that has waited longest.
///
/// Decides only: `PostgresPool` holds the connections and the tasks, the API its places.
package struct PoolTurns<Waiter> {
    private var free: Int
    private let reserve: Int
    private var used: [String: Int] = [:]
    private var waiting: [String: [(number: Int, waiter: Waiter)]] = [:]
    private var nextNumber = 0

    /// Turns at so many things, all of them free.
    ///
    /// - Parameter reserve: the last ones, which only owners get that use none.
    package init(size: Int, reserve: Int = 0) {
        precondition(size > reserve && reserve >= 0, "turns at \(size) things with a reserve of \(reserve)")
        free = size
        self.reserve = reserve
    }

    private func mayTake(_ owner: String) -> Bool { free > (used[owner] == nil ? 0 : reserve) }

    /// True: one is the owner's now. False: it waits, and `leave` will name it.
    package mutating func enter(_ owner: String, _ waiter: @autoclosure () -> Waiter) -> Bool {
        // Who may take one does not wait, so that nobody who waits could.
        if mayTake(owner) {
            free -= 1
            used[owner, default: 0] += 1
            return true
        }
        waiting[owner, default: []].append((nextNumber, waiter()))
        nextNumber += 1
        return false
    }

    /// Gives one back. The waiter that has it now; nil: it is free.
    package mutating func leave(_ owner: String) -> Waiter? {
        guard let count = used[owner], count > 0 else { preconditionFailure("\(owner) has none to give back") }
        used[owner] = count == 1 ? nil : count - 1
        let next = waiting.min { left, right in
            (used[left.key] ?? 0, left.value[0].number) < (used[right.key] ?? 0, right.value[0].number)
        }
        free += 1
        guard let next, mayTake(next.key) else { return nil }
        free -= 1
        let waiter = waiting[next.key]!.removeFirst().waiter
        if waiting[next.key]!.isEmpty { waiting[next.key] = nil }
        used[next.key, default: 0] += 1
        return waiter
    }
}
