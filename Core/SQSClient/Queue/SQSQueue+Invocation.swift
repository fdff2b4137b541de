internal import Model
package import Queue
internal import SQS
private import Synchronization

/// Messages that an event source mapping has received, and an invocation of AWS Lambda brings: they are settled as all
/// others, but their mapping deletes them.
extension SQSQueue {
    /// Leases the messages of an invocation for as long as it may take.
    ///
    /// A message that is not due yet is sent again, and one in `-lapsed` that is not Headgate's goes to `-dead`: these
    /// count as settled. What is damaged, not Headgate's, or of another queue, is neither returned nor settled.
    package func adopt(_ records: [EventRecord], for lifetime: Duration) async -> [ReceivedMessage] {
        let (end, now) = (host.uptime() + lifetime, host.clock())
        let isLapsed = { [source] (record: EventRecord) in record.queue == source?.names.lapsed }
        let others = records.filter { !isLapsed($0) && $0.queue != names.queue }
        if let other = others.first {
            host.report("queue \(name): \(others.count) messages are of \(other.queue): map \(names.queue) alone")
        }
        let own = intact(records.filter { $0.queue == names.queue }.map(\.message))
        let (messages, early) = lease(own, until: end, now: now, isOfInvocation: true)
        let lapsed = intact(records.filter(isLapsed).map(\.message))
        let (dead, foreign) = notices(lapsed, until: end, isOfInvocation: true)
        if !early.isEmpty {
            do throws(QueueError) {
                let sent = await postpone(early, try await url(names.queue), now: now)
                state.withLock { $0.leases.settle(sent) }
            } catch {
                host.report("queue \(name): \(error)")
            }
        }
        let buried = await bury(foreign)
        state.withLock { $0.leases.settle(buried) }
        return messages + dead
    }

    /// Whether the message of a receipt is still held.
    package func isHeld(_ receipt: Receipt) -> Bool {
        state.withLock { $0.leases.state(of: receipt.handle).isHeld }
    }

    /// Whether any of these messages of an invocation is still held.
    package func isHolding(_ records: [EventRecord]) -> Bool {
        state.withLock { state in records.contains { state.leases.state(of: $0.handle).isHeld } }
    }

    /// Ends an invocation: whatever is still done about its messages is void. Returns those that are not settled.
    package func end(_ records: [EventRecord]) -> [EventRecord] {
        state.withLock { state in
            let open = records.filter { !state.leases.state(of: $0.handle).isSettled }
            state.leases.forget(records.map(\.handle))
            return open
        }
    }
}
