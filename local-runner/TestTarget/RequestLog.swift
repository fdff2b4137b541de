package import Model
import Synchronization

/// What the test target has seen: counts, calls by idempotency key, and the latest requests.
package final class RequestLog: Sendable {
    /// One request and how it was answered.
    package struct Entry: Sendable {
        /// 1 for the first request since the start or the last reset.
        package var number: Int
        package var time: Timestamp
        /// Without the query.
        package var path: String
        /// Empty if the request had none.
        package var idempotencyKey: String
        /// The `Headgate-Fire-Time` header; empty if the request had none.
        package var fireTime: String
        /// 0: the connection was dropped.
        package var status: Int
    }

    /// Counts since the start or the last reset.
    package struct Statistics: Equatable, Sendable {
        /// All requests, including those dropped (status 0).
        package var total = 0
        /// Requests by status.
        package var byStatus: [Int: Int] = [:]
        /// Idempotency keys seen.
        package var distinctKeys = 0
        /// Requests whose key had been seen before.
        package var repeats = 0
        /// Requests answered 2xx whose key had been answered 2xx before: duplicate deliveries.
        package var repeatedSuccesses = 0

        /// Counts of nothing.
        package init() {}

        /// As `GET /_stats` answers it.
        package var json: JSON {
            [
                "total": .integer(total),
                "byStatus": .object(byStatus.sorted { $0.key < $1.key }.map { .init("\($0.key)", .integer($0.value)) }),
                "distinctKeys": .integer(distinctKeys), "repeats": .integer(repeats),
                "repeatedSuccesses": .integer(repeatedSuccesses),
            ]
        }
    }

    private struct Calls {
        var count = 0
        var successes = 0
    }

    private struct State {
        var statistics = Statistics()
        var calls: [String: Calls] = [:]
        /// A ring: entry n is at (n - 1) % `kept`.
        var recent: [Entry] = []
    }

    /// How many of the latest requests are kept.
    package static let kept = 4_096

    private let state = Mutex(State())
    private let file: LogFile?

    init(file: LogFile?) { self.file = file }

    /// Records a request, and decides its status from `behaviour` and the calls with its key so far. Requests without a
    /// key are told apart by path. Status 0 stands for a dropped connection.
    func record(_ behaviour: Behaviour, path: String, key: String, fireTime: String, at time: Timestamp) -> Int {
        let status = state.withLock { state in
            var calls = state.calls[key.isEmpty ? path : key] ?? Calls()
            let status = RequestLog.status(of: behaviour, calls: calls.count)
            calls.count += 1
            state.statistics.total += 1
            state.statistics.byStatus[status, default: 0] += 1
            if !key.isEmpty && calls.count > 1 { state.statistics.repeats += 1 }
            if !key.isEmpty && calls.count == 1 { state.statistics.distinctKeys += 1 }
            if (200...299).contains(status) {
                calls.successes += 1
                if !key.isEmpty && calls.successes > 1 { state.statistics.repeatedSuccesses += 1 }
            }
            // Only keys need their counts later; a path without a key only if it is to fail at first.
            switch behaviour {
            case .fail, .putOff: state.calls[key.isEmpty ? path : key] = calls
            default: if !key.isEmpty { state.calls[key] = calls }
            }
            let number = state.statistics.total
            let entry = Entry(
                number: number, time: time, path: path, idempotencyKey: key, fireTime: fireTime, status: status)
            if state.recent.count < RequestLog.kept {
                state.recent.append(entry)
            } else {
                state.recent[(number - 1) % RequestLog.kept] = entry
            }
            return status
        }
        file?.append(time: time, path: path, key: key, fireTime: fireTime)
        return status
    }

    /// The counts so far.
    package var statistics: Statistics { state.withLock { $0.statistics } }

    /// The requests kept whose number is above `number`, oldest first.
    package func recent(after number: Int) -> [Entry] {
        state.withLock { state in
            let total = state.statistics.total
            let first = max(number, total - state.recent.count) + 1
            guard first <= total else { return [] }
            return (first...total).map { state.recent[($0 - 1) % RequestLog.kept] }
        }
    }

    /// Forgets everything; numbers start from 1 again.
    package func reset() { state.withLock { $0 = State() } }

    private static func status(of behaviour: Behaviour, calls: Int) -> Int {
        switch behaviour {
        case .report: 202
        case .answer(let status): status
        case .fail(let times, let status): calls < times ? status : 200
        case .putOff: calls < 1 ? 503 : 200
        case .close: 0
        case .delay, .authorize, .echo, .statistics, .recent, .reset: 200
        }
    }
}

extension RequestLog.Entry {
    var json: JSON {
        [
            "number": .integer(number), "time": .time(time), "path": .string(path),
            "idempotencyKey": .string(idempotencyKey), "fireTime": .string(fireTime), "status": .integer(status),
        ]
    }
}
