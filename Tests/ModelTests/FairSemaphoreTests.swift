import Model
import TestRandom
import Testing

/// Who gets a connection next.
@Suite struct FairSemaphoreTests {
    @Test func `an owner alone may use all, and those that wait go first by what they use`() {
        var semaphore = FairSemaphore<String>(size: 3)
        func acquire(_ owner: String, _ waiter: String) -> Bool { semaphore.acquire(owner, waiter) }
        func release(_ owner: String) -> String? { semaphore.release(owner) }
        for number in 1...3 { #expect(acquire("busy", "busy \(number)")) }
        for number in 4...6 { #expect(!acquire("busy", "busy \(number)")) }
        #expect(!acquire("quiet", "quiet 1") && !acquire("quiet", "quiet 2") && !acquire("other", "other 1"))
        // The two that use none go first, in the order in which they came; then who uses fewest.
        #expect(release("busy") == "quiet 1")
        #expect(release("busy") == "other 1")
        // Busy and quiet use one each: busy has waited longer.
        #expect(release("other") == "busy 4")
        #expect(release("quiet") == "quiet 2")
        #expect(release("quiet") == "busy 5")
        #expect(release("busy") == "busy 6")
        #expect(release("busy") == nil && release("busy") == nil)
        #expect(acquire("quiet", "quiet 3"))
    }

    @Test func `the last ones are for owners that use none`() {
        var semaphore = FairSemaphore<String>(size: 4, reserve: 2)
        func acquire(_ owner: String, _ waiter: String) -> Bool { semaphore.acquire(owner, waiter) }
        func release(_ owner: String) -> String? { semaphore.release(owner) }
        #expect(acquire("busy", "busy 1") && acquire("busy", "busy 2") && !acquire("busy", "busy 3"))
        #expect(acquire("quiet", "quiet 1") && !acquire("quiet", "quiet 2") && acquire("other", "other 1"))
        #expect(!acquire("new", "new 1"))
        #expect(release("quiet") == "quiet 2" && release("other") == "new 1")
        // Two are free, and kept: busy uses two already.
        #expect(release("quiet") == nil && release("new") == nil)
        #expect(release("busy") == "busy 3" && release("busy") == nil && release("busy") == nil)
        #expect(acquire("busy", "busy 4") && acquire("busy", "busy 5") && !acquire("busy", "busy 6"))
    }

    @Test func `readers leave room for others, and hold nothing while they wait`() {
        var semaphore = FairSemaphore<String>(size: 4, reserve: 1, readers: (size: 2, reserve: 1))
        func read(_ owner: String, _ waiter: String) -> Bool { semaphore.acquire(owner, isReader: true, waiter) }
        func write(_ owner: String, _ waiter: String) -> Bool { semaphore.acquire(owner, waiter) }
        #expect(read("busy", "read 1") && !read("busy", "read 2"), "one owner reads with one of two")
        #expect(write("busy", "write 1") && write("busy", "write 2") && !write("busy", "write 3"))
        // The last place is for owners without any; busy's second reader waits for one to read with.
        #expect(read("quiet", "quiet 1") && !write("other", "other 1"))
        #expect(semaphore.release("busy") == "other 1")
        #expect(semaphore.release("other") == nil, "the reader may not, and the writer would take the last place")
        #expect(semaphore.release("quiet", isReader: true) == "write 3")
        #expect(semaphore.release("busy", isReader: true) == "read 2")
        #expect(semaphore.release("busy", isReader: true) == nil)
    }

    @Test(arguments: 0..<20) func `nobody waits while a connection is free, and nobody waits for ever`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var semaphore = FairSemaphore<Int>(size: 4)
        var (waiting, owners, holders): ([Int], [Int: String], [String]) = ([], [:], [])
        for number in 0..<2_000 {
            if Bool.random(using: &random) || holders.isEmpty {
                let owner = "t\(Int.random(in: 0..<5, using: &random))"
                owners[number] = owner
                if semaphore.acquire(owner, number) { holders.append(owner) } else { waiting.append(number) }
            } else {
                let owner = holders.remove(at: Int.random(in: 0..<holders.count, using: &random))
                if let next = semaphore.release(owner) {
                    let used = { (name: String) in holders.count { $0 == name } }
                    let fewest = waiting.map { used(owners[$0]!) }.min()
                    #expect(used(owners[next]!) == fewest, "seed \(seed): \(next) does not use fewest")
                    #expect(waiting.first { used(owners[$0]!) == fewest } == next, "seed \(seed)")
                    waiting.removeAll { $0 == next }
                    holders.append(owners[next]!)
                }
            }
            #expect(holders.count <= 4 && (waiting.isEmpty || holders.count == 4), "seed \(seed)")
        }
    }
}

/// SplitMix64 (Steele et al., 2014).
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
