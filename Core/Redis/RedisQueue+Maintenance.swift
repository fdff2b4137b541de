import Model
package import Queue
import Synchronization

extension RedisQueue {
    /// Empties the queue and returns how many messages it removed.
    package func purge() async throws(QueueError) -> Int {
        let replies = try await call(
            keys.indices.map { shard in
                ScriptCall(
                    scripts.purge, keys: keys[shard] + (sourceKeys?[shard] ?? []), arguments: arguments())
            })
        return replies.reduce(0) { $0 + ($1.int ?? 0) }
    }

    /// Counts of all shards together.
    package func statistics(of keys: [String]?) async throws(QueueError) -> QueueStatistics {
        var total = QueueStatistics()
        func add(_ arguments: inout RedisCommand, _ shard: Int) {
            arguments.append(keys == nil ? "1" : "0")
            for key in keys ?? [] { arguments.append(key) }
        }
        for reply in try await callAll(scripts.statistics, add) {
            let fields = try list(reply)
            let numbers = fields.prefix(6).compactMap(\.int)
            guard numbers.count == 6 else { throw unexpected("statistics") }
            var part = QueueStatistics()
            (part.ready, part.delayed, part.inFlight) = (numbers[0], numbers[1], numbers[2])
            (part.dead, part.settled) = (numbers[3], numbers[4])
            part.oldestReady = numbers[5] < 0 ? nil : .milliseconds(numbers[5])
            for index in stride(from: 6, to: fields.count - 1, by: 2) {
                part.tenants[fields[index].text ?? ""] = fields[index + 1].int ?? 0
            }
            total = total + part
        }
        return total
    }

    /// How full the fullest shard is, how many messages wait for a worker, and how much memory the server uses.
    package func pressure(byTenant: Bool) async throws(QueueError) -> QueuePressure {
        var pressure = QueuePressure(fullestShard: 0)
        for reply in try await callAll(
            scripts.pressure, { arguments, _ in arguments.append(byTenant ? "1" : "0") })
        {
            let fields = try list(reply)
            let numbers = fields.prefix(4).compactMap(\.int)
            guard numbers.count == 4, fields.count % 3 == 1 else { throw unexpected("pressure") }
            pressure.fullestShard = max(pressure.fullestShard, numbers[0])
            pressure.waiting += numbers[1]
            if numbers[3] > 0 { pressure.memoryUse = Double(numbers[2]) / Double(numbers[3]) }
            for index in stride(from: 4, to: fields.count, by: 3) {
                guard let tenant = fields[index].text, let count = fields[index + 1].int,
                    let bytes = fields[index + 2].int
                else { throw unexpected("pressure") }
                let known = pressure.tenants[tenant] ?? QueuePressure.Part(messages: 0, bytes: 0)
                pressure.tenants[tenant] = QueuePressure.Part(
                    messages: max(known.messages, count), bytes: max(known.bytes, Double(bytes) / 1_000))
            }
        }
        return pressure
    }

    /// Housekeeping of all shards; returns how many messages it moved. Repair and trim scans advance by about 200
    /// entries a call.
    package func maintain() async throws(QueueError) -> Int {
        let cursors = self.cursors.withLock { $0 }
        let replies = try await callAll(scripts.maintain) { arguments, shard in
            arguments.append(configuration.maximumReceives)
            arguments.append(cursors[shard]?.0 ?? "0")
            arguments.append(cursors[shard]?.1 ?? "0")
        }
        var moved = 0
        for (shard, reply) in replies.enumerated() {
            let fields = try list(reply)
            guard fields.count == 3, let count = fields[0].int, let repair = fields[1].text, let trim = fields[2].text
            else { throw unexpected("maintain") }
            moved += count
            self.cursors.withLock { $0[shard] = (repair, trim) }
        }
        return moved
    }
}
