private import Model
private import Synchronization

/// Waits for a wake marker on a connection of its own.
///
/// Waits end to the millisecond: the server looks at the timeouts of blocked commands only ten times a second, so the
/// timer runs here and ends the wait with `CLIENT UNBLOCK` (decision 0004). Only a receiver that waits takes a marker
/// away.
final class RedisWaiter: Sendable {
    private let blocked: RedisConnection
    private let control: RedisConnection

    init(url: RedisURL) {
        blocked = RedisConnection(url: url)
        control = RedisConnection(url: url)
    }

    /// Returns when a key has a marker, which it takes, at the deadline, or when the task is cancelled.
    func wait(keys: [String], until deadline: ContinuousClock.Instant) async throws(RedisError) {
        let client = try await blocked.clientID()
        let isOver = Flag()
        let result = await withTaskGroup(of: Result<Void, RedisError>?.self) { group in
            group.addTask {
                let result = await self.block(on: keys, until: deadline)
                isOver.value.store(true, ordering: .sequentiallyConsistent)
                return result
            }
            group.addTask {
                // A cancelled sleep means that the wait is over, or is to be ended.
                try? await Task.sleep(until: deadline, tolerance: .zero, clock: .continuous)
                // The blocking command may not have reached the server yet: repeat until it is unblocked.
                while !isOver.value.load(ordering: .sequentiallyConsistent) {
                    switch await self.unblock(client) {
                    case .success(true): return nil
                    case .success(false): await Task.yield()
                    case .failure(let error): return .failure(error)
                    }
                }
                return nil
            }
            var result: Result<Void, RedisError> = .success(())
            for await part in group {
                group.cancelAll()
                if case .failure = part { result = part! }
            }
            return result
        }
        try result.get()
    }

    private func block(
        on keys: [String], until deadline: ContinuousClock.Instant
    ) async -> Result<Void, RedisError> {
        let wait = max(.milliseconds(1), deadline - .now) + .seconds(1)
        var command = RedisCommand("BZPOPMIN")
        for key in keys { command.append(key) }
        command.append(String(wait.inSeconds))
        do throws(RedisError) {
            _ = try await blocked.call([command], wait: wait)[0].checked()
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// Whether the client was blocked, and now is not.
    private func unblock(_ client: Int) async -> Result<Bool, RedisError> {
        do throws(RedisError) {
            let reply = try await control.call([RedisCommand("CLIENT", "UNBLOCK", String(client))])[0].checked()
            return .success(reply.int == 1)
        } catch {
            return .failure(error)
        }
    }
}

private final class Flag: Sendable {
    let value = Atomic(false)
}
