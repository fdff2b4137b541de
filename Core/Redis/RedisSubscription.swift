private import Model

/// Follows a channel of Redis, over any number of connections.
struct RedisSubscription {
    private let connection: RedisConnection
    private let channel: String
    private let report: @Sendable (String) -> Void
    /// A silent connection is asked for a sign of life after so long, and given up after as long again.
    private static let silence = Duration.seconds(20)
    /// How soon a cancellation is noticed.
    private static let step = Duration.milliseconds(250)

    /// - Parameter report: told of each failure.
    init(url: RedisURL, channel: String, report: @escaping @Sendable (String) -> Void) {
        self.report = report
        connection = RedisConnection(url: url)
        self.channel = channel
    }

    /// Calls `heard` with each message, and with nil whenever some may have been missed: when a connection has been made.
    /// Returns when the task is cancelled.
    func run(_ heard: @Sendable (String?) -> Void) async {
        while !Task.isCancelled {
            do {
                try await follow(heard)
            } catch {
                // The next connection reports that messages may have been missed.
                if !Task.isCancelled { report("cannot follow the channel \(channel): \(error)") }
                await connection.close()
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
        await connection.close()
    }

    private func follow(_ heard: @Sendable (String?) -> Void) async throws {
        _ = try await connection.call([RedisCommand("SUBSCRIBE", channel)])[0].checked()
        heard(nil)
        var lastHeard = ContinuousClock.now
        var isAsked = false
        while !Task.isCancelled {
            let replies = try await connection.pushed(within: RedisSubscription.step)
            for reply in replies {
                guard let parts = reply.array, parts.count == 3, parts[0].text == "message" else { continue }
                heard(parts[2].text ?? "")
            }
            if !replies.isEmpty {
                (lastHeard, isAsked) = (.now, false)
            } else if ContinuousClock.now - lastHeard > RedisSubscription.silence * (isAsked ? 2 : 1) {
                guard !isAsked else { throw RedisError(.timedOut, "no sign of life of the subscription") }
                try await connection.post(RedisCommand("PING"))
                isAsked = true
            }
        }
    }
}
