import Model
package import Queue

extension RedisQueue {
    /// The oldest dead letters of all shards. One round trip per shard and page of 1,000.
    package func peekDead(limit: Int, tenant: String?) async throws(QueueError) -> [DeadLetter] {
        var letters: [DeadLetter] = []
        for shard in keys.indices where limit > 0 {
            var (place, found) = (0, 0)
            while found < limit {
                let page = min(RedisQueue.deadPage, tenant == nil ? limit - found : RedisQueue.deadPage)
                var arguments = RedisCommand()
                arguments.append(place)
                arguments.append(place + page - 1)
                arguments.append(limit - found)
                arguments.append(tenant ?? "")
                let call = ScriptCall(scripts.peekDead, keys: keys[shard], arguments: arguments)
                let (looked, part) = try self.letters(list(try await self.call([call])[0]))
                letters += part
                found += part.count
                place += looked
                if looked < page { break }
            }
        }
        letters.sort { ($0.diedAt, $0.id.description) < ($1.diedAt, $1.id.description) }
        return Array(letters.prefix(limit))
    }

    /// How many dead letters one call looks at.
    private static let deadPage = 1_000

    private func letters(_ fields: [RedisReply]) throws(QueueError) -> (looked: Int, letters: [DeadLetter]) {
        guard let looked = fields.first?.int, fields.count % 8 == 1 else { throw unexpected("peek-dead") }
        var letters: [DeadLetter] = []
        for index in stride(from: 1, to: fields.count, by: 8) {
            guard let id = fields[index].text, let died = fields[index + 1].text.flatMap({ Double($0) }),
                let reason = fields[index + 2].text, let receives = fields[index + 3].int,
                let attempts = fields[index + 4].int, let generation = fields[index + 5].int,
                let tenant = fields[index + 6].text, let body = fields[index + 7].byteString
            else { throw unexpected("peek-dead") }
            letters.append(
                DeadLetter(
                    id: MessageID(id), tenant: tenant, diedAt: Timestamp(milliseconds: Int64(died)), reason: reason,
                    receives: receives, attempts: attempts, generation: generation, body: body))
        }
        return (looked, letters)
    }

    /// Moves dead letters back into the queue, up to 1,000 per script call, and returns how many. Always 0 for a queue
    /// with outcomes, which does not keep the bodies of dead letters.
    package func redriveDead(limit: Int, rate: Double?) async throws(QueueError) -> Int {
        if outcomeKeys != nil { return 0 }
        var moved = 0
        var isAnyLeft = true
        while moved < limit && isAnyLeft {
            isAnyLeft = false
            for shard in keys.indices where moved < limit {
                let gap = rate.map { 1_000 / $0 } ?? 0
                var arguments = self.arguments()
                arguments.append(min(limit - moved, 1_000))
                arguments.append(Int(Double(moved) * gap))
                arguments.append(String(gap))
                let call = ScriptCall(scripts.redriveDead, keys: keys[shard], arguments: arguments)
                guard let count = try await self.call([call])[0].int else { throw unexpected("redrive-dead") }
                moved += count
                isAnyLeft = isAnyLeft || count > 0
            }
        }
        return moved
    }
}
