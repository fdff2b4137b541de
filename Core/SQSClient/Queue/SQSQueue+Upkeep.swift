internal import Model
package import Queue
internal import SQS
private import Synchronization

extension SQSQueue {
    /// True for all, unless the queue counts as empty: SQS has reported no message waiting, delayed or in flight at
    /// three looks, each at least a minute after the one before, and nothing was sent by this process since. Each call
    /// is a look.
    ///
    /// Lapsed messages and outcomes that are not recorded count as messages. SQS cannot say of one id whether it has
    /// it.
    package func holds(_ messages: [(id: MessageID, generation: Int)]) async throws(QueueError) -> [Bool] {
        var count = 0
        for name in [names.queue, names.lapsed] + (outcomes.map { [$0.queue] } ?? []) {
            count += try await counts(name).total
        }
        let now = host.uptime()
        let isEmpty = state.withLock { [count] in $0.watch.look(messages: count, now: now) }
        return messages.map { _ in !isEmpty }
    }

    /// Nothing: SQS shows no message without receiving it.
    package func peekDead(limit: Int, tenant: String?) async throws(QueueError) -> [DeadLetter] { [] }

    /// Always 0: dead letters are sent anew from the store.
    package func redriveDead(limit: Int, rate: Double?) async throws(QueueError) -> Int { 0 }

    /// Removes what waits, is delayed or in flight, and returns how many SQS said there were. Dead and lapsed messages
    /// stay. Refused (`unavailable`) within a minute of the last time.
    package func purge() async throws(QueueError) -> Int {
        let before = try await counts(names.queue).total
        let url = try await url(names.queue)
        do throws(SQSClientError) {
            try await caller.purge(url)
        } catch {
            throw queueError(error)
        }
        state.withLock { state in
            state.leases.removeAll()
            state.watch.reset()
        }
        return before
    }

    /// Approximate counts; lapsed messages count as dead. No ages, and no counts of tenants.
    package func statistics(of keys: [String]?) async throws(QueueError) -> QueueStatistics {
        var statistics = QueueStatistics()
        let counts = try await counts(names.queue)
        (statistics.ready, statistics.delayed, statistics.inFlight) = (counts.visible, counts.delayed, counts.inFlight)
        statistics.dead = try await self.counts(names.dead).total + self.counts(names.lapsed).total
        return statistics
    }

    /// One shard, with the approximate counts; no memory limit, and no parts of tenants.
    package func pressure(byTenant: Bool) async throws(QueueError) -> QueuePressure {
        let counts = try await counts(names.queue)
        var pressure = QueuePressure(fullestShard: counts.total)
        pressure.waiting = counts.visible
        return pressure
    }

    /// Nothing: SQS does it.
    package func maintain() async throws(QueueError) -> Int { 0 }

    private func counts(_ name: String) async throws(QueueError) -> SQSCounts {
        let url = try await url(name)
        do throws(SQSClientError) {
            return try await caller.counts(of: url)
        } catch {
            throw queueError(error)
        }
    }

    // MARK: Making queues

    /// 14 days, the longest: what waits must not be dropped for its age.
    private static let retention = 1_209_600

    /// Makes the queues `NAME`, `NAME-dead` and `NAME-lapsed`, or gives those that exist these settings: the visibility
    /// timeout, the retention of 14 days, and the redrive policy of `NAME`, which leads to `NAME-lapsed`.
    package static func create(
        _ name: QueueName, configuration: QueueConfiguration = QueueConfiguration(), prefix: String = "",
        caller: SQSCaller
    ) async throws(QueueError) {
        let names = QueueNames(name, prefix: prefix)
        let attributes = [
            "MessageRetentionPeriod": "\(retention)",
            "VisibilityTimeout": "\(min(SQSLimits.visibility, max(1, seconds(configuration.visibility))))",
        ]
        do throws(SQSClientError) {
            _ = try await caller.create(names.dead, attributes)
            let lapsed = try await caller.create(names.lapsed, attributes)
            guard let target = try await caller.attributes(["QueueArn"], of: lapsed)["QueueArn"] else {
                throw SQSClientError(SQSClientError.badAnswer, "the queue has no ARN", at: "GetQueueAttributes")
            }
            let policy = JSON.object([
                .init("deadLetterTargetArn", .string(target)),
                .init("maxReceiveCount", .integer(min(1_000, configuration.maximumReceives))),
            ])
            _ = try await caller.create(names.queue, attributes.merging(["RedrivePolicy": policy.description]) { $1 })
        } catch {
            throw QueueError(error.isRetryable ? .unavailable : .refused, queue: name, "\(error)")
        }
    }
}

extension SQSCounts {
    /// In every state.
    fileprivate var total: Int { visible + inFlight + delayed }
}
