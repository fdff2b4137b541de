import Model

/// What a path asks the test target to do. Only its first parts count; the rest is free, to tell tenants apart.
package enum Behaviour: Equatable, Sendable {
    /// `/status/503/…`; 200 for `/ok` and every other path.
    case answer(status: Int)
    /// `/flaky/N/503/…`, and `/once/503/…` with N = 1: this status for the first N calls with an idempotency key, then
    /// 200.
    case fail(times: Int, status: Int)
    /// `/retry-after/N/…`: 503 with `Retry-After: N` (seconds) for the first call with an idempotency key, then 200.
    case putOff(seconds: Int)
    /// `/slow/2s/…`: 200 after that time.
    case delay(Duration)
    /// `/bearer/TOKEN/…`: 200 for a request with this bearer token, 401 for any other.
    case authorize(token: String)
    /// `/echo/…`: 200 with the request as JSON.
    case echo
    /// `/close/…`: drops the connection without an answer.
    case close
    /// `/callback/2s/…`: 202, and after that time the `outputs` of the request's body are posted to its `callback`.
    case report(after: Duration)
    /// `GET /_stats`.
    case statistics
    /// `GET /_recent?after=N`: the latest requests, those with a number above N.
    case recent(after: Int)
    /// `POST /_reset`.
    case reset

    /// The behaviour for a request's path and query; 400 if a part cannot be read (`/slow/soon`).
    package init(uri: String) {
        // The paths of load tests come first and are compared as a whole: splitting them costs too much.
        if uri.utf8.starts(with: "/ok".utf8) || uri.utf8.starts(with: "/retrain/".utf8) {
            self = .answer(status: 200)
            return
        }
        let path = uri.prefix { $0 != "?" }
        let parts = path.split(separator: "/")
        self =
            switch parts.first {
            case "status": Behaviour.status(parts, at: 1).map { .answer(status: $0) } ?? .answer(status: 400)
            case "once": Behaviour.status(parts, at: 1).map { .fail(times: 1, status: $0) } ?? .answer(status: 400)
            case "flaky": Behaviour.flaky(parts)
            case "retry-after": Behaviour.retryAfter(parts)
            case "slow": Behaviour.slow(parts)
            case "bearer": .authorize(token: parts.count > 1 ? String(parts[1]) : "")
            case "echo": .echo
            case "close": .close
            case "callback": Behaviour.callback(parts)
            case "_stats": .statistics
            case "_recent": .recent(after: Behaviour.after(uri))
            case "_reset": .reset
            default: .answer(status: 200)
            }
    }

    private static func status(_ parts: [Substring], at index: Int) -> Int? {
        guard parts.count > index, let status = Int(parts[index]), (200...599).contains(status) else { return nil }
        return status
    }

    private static func flaky(_ parts: [Substring]) -> Behaviour {
        guard parts.count > 1, let times = Int(parts[1]), times >= 0, let status = status(parts, at: 2) else {
            return .answer(status: 400)
        }
        return .fail(times: times, status: status)
    }

    private static func retryAfter(_ parts: [Substring]) -> Behaviour {
        guard parts.count > 1, let seconds = Int(parts[1]), seconds >= 0 else { return .answer(status: 400) }
        return .putOff(seconds: seconds)
    }

    private static func slow(_ parts: [Substring]) -> Behaviour {
        guard parts.count > 1, let delay = Duration(text: parts[1]), delay >= .zero else { return .answer(status: 400) }
        return .delay(delay)
    }

    private static func callback(_ parts: [Substring]) -> Behaviour {
        guard parts.count > 1, let delay = Duration(text: parts[1]), delay >= .zero else { return .answer(status: 400) }
        return .report(after: delay)
    }

    private static func after(_ uri: String) -> Int {
        let query = uri.drop { $0 != "?" }.dropFirst()
        for item in query.split(separator: "&") where item.hasPrefix("after=") { return Int(item.dropFirst(6)) ?? 0 }
        return 0
    }
}
