/// A counting semaphore that is fair by owner: decides who gets one of a few shared things next. An owner alone may use
/// all of them; among those that wait, the one that uses fewest goes first, then the one that has waited longest.
///
/// If only some of them may be used for reading, a reader takes one of these and one of all in a single step: it never
/// holds one while it waits for the other.
///
/// Only decides: `PostgresPool` holds the connections and tasks, the API its slots.
package struct FairSemaphore<Waiter> {
    /// A number of things, the last `reserve` of which are only for owners that use none.
    private struct Share {
        var free: Int
        let reserve: Int
        var used: [String: Int] = [:]

        init(size: Int, reserve: Int) {
            precondition(size > reserve && reserve >= 0, "a semaphore of \(size) things with a reserve of \(reserve)")
            free = size
            self.reserve = reserve
        }

        func mayTake(_ owner: String) -> Bool { free > (used[owner] == nil ? 0 : reserve) }

        mutating func take(_ owner: String) {
            free -= 1
            used[owner, default: 0] += 1
        }

        mutating func release(_ owner: String) {
            guard let count = used[owner], count > 0 else { preconditionFailure("\(owner) has none to give back") }
            used[owner] = count == 1 ? nil : count - 1
            free += 1
        }
    }

    private struct Line: Hashable {
        var owner: String
        var isReader: Bool
    }

    private var all: Share
    /// Nil: all may be used for reading.
    private var reading: Share?
    private var waiting: [Line: [(number: Int, waiter: Waiter)]] = [:]
    private var nextNumber = 0

    /// So many things, all of them free.
    ///
    /// - Parameters:
    ///   - reserve: the last ones, only for owners that use none.
    ///   - readers: how many may be used for reading, and how many of these only by owners that read with none; nil:
    ///     all.
    package init(size: Int, reserve: Int = 0, readers: (size: Int, reserve: Int)? = nil) {
        all = Share(size: size, reserve: reserve)
        reading = readers.map { Share(size: $0.size, reserve: $0.reserve) }
    }

    private func mayTake(_ line: Line) -> Bool {
        all.mayTake(line.owner) && (!line.isReader || reading?.mayTake(line.owner) ?? true)
    }

    private mutating func take(_ line: Line) {
        all.take(line.owner)
        if line.isReader { reading?.take(line.owner) }
    }

    /// True: the owner has one now. False: `waiter` waits, and a later `release` returns it.
    package mutating func acquire(_ owner: String, isReader: Bool = false, _ waiter: @autoclosure () -> Waiter) -> Bool
    {
        let line = Line(owner: owner, isReader: isReader)
        // Nobody who could take one is ever waiting, so there is no queue to jump.
        if mayTake(line) {
            take(line)
            return true
        }
        waiting[line, default: []].append((nextNumber, waiter()))
        nextNumber += 1
        return false
    }

    /// Gives one back. Returns the waiter that has it now; nil: it is free, and none of those that wait may take it.
    package mutating func release(_ owner: String, isReader: Bool = false) -> Waiter? {
        all.release(owner)
        if isReader { reading?.release(owner) }
        let next = waiting.filter { mayTake($0.key) }.min { left, right in
            (all.used[left.key.owner] ?? 0, left.value[0].number) < (
                all.used[right.key.owner] ?? 0, right.value[0].number
            )
        }
        guard let line = next?.key else { return nil }
        take(line)
        let waiter = waiting[line]!.removeFirst().waiter
        if waiting[line]!.isEmpty { waiting[line] = nil }
        return waiter
    }
}
