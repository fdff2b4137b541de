import Model
package import Queue

extension RedisQueue: QueueGeneration {
    /// The generation counter of each shard, and the server's run id and clock, in one round trip.
    package func readGeneration() async throws(QueueError) -> GenerationReading {
        let fields = counterKeys.map { RedisCommand("HGET", $0, "g") }
        let replies = try await run { connection throws(RedisError) in
            try await connection.call([RedisCommand("INFO", "server"), RedisCommand("TIME")] + fields)
        }
        let line = (replies[0].text ?? "").split(separator: "\r\n").first { $0.hasPrefix("run_id:") }
        guard let run = line?.dropFirst("run_id:".utf8.count) else { throw unexpected("INFO") }
        return GenerationReading(
            counters: replies.dropFirst(2).map(\.int), run: String(run), time: try time(replies[1]))
    }

    /// Writes the counter into the shards where it is as it was read, in one round trip.
    package func writeGeneration(
        _ counter: Int, replacing reading: GenerationReading
    ) async throws(QueueError) -> [Int] {
        let replies = try await callAll(scripts.raiseGeneration) { arguments, shard in
            arguments.append(reading.counters[shard].map { String($0) } ?? "")
            arguments.append(String(counter))
        }
        var changed: [Int] = []
        for (shard, reply) in replies.enumerated() {
            switch reply.int {
            case 1: break
            case 0: changed.append(shard)
            default: throw unexpected("raise-generation")
            }
        }
        return changed
    }

    /// A page of about 1,000 messages of a shard (`HSCAN`), some perhaps twice; nil as `next` on the last page.
    package func held(shard: Int, after cursor: String?) async throws(QueueError) -> HeldPage {
        var arguments = arguments()
        arguments.append(cursor ?? "0")
        let fields = try list(
            try await call([ScriptCall(scripts.held, keys: keys[shard], arguments: arguments)])[0])
        guard let next = fields.first?.text, fields.count % 2 == 1 else { throw unexpected("held") }
        var messages: [(id: MessageID, generation: Int)] = []
        for index in stride(from: 1, to: fields.count, by: 2) {
            guard let id = fields[index].text, let generation = fields[index + 1].int else { throw unexpected("held") }
            messages.append((MessageID(id), generation))
        }
        return HeldPage(messages: messages, next: next == "0" ? nil : next)
    }

    /// Removes messages even if leased; returns how many it removed.
    package func discard(_ ids: [MessageID]) async throws(QueueError) -> Int {
        let removed = try await scatter(ids, shard: { $0.shard(of: keys.count) }, limit: 1_000) { shard, ids in
            var arguments = self.arguments()
            for id in ids { arguments.append(id.description) }
            return ScriptCall(scripts.discard, keys: self.keys[shard], arguments: arguments)
        } result: {
            $0.int == 1
        }
        return removed.filter { $0 }.count
    }
}
