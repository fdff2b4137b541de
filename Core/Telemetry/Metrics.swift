private import Synchronization

/// Counters, gauges and histograms of one process, in Prometheus's text format (version 0.0.4).
///
/// Names follow Prometheus's conventions: a unit at the end, `_total` for counters. Every call takes a lock: cheap
/// enough for once a batch, not for once a message.
package final class Metrics: Sendable {
    private struct Histogram {
        var buckets: [Int]
        var sum = 0.0
        var count = 0
    }
    private struct State {
        var help: [String: (kind: String, text: String)] = [:]
        var values: [String: [String: Double]] = [:]
        var histograms: [String: Histogram] = [:]
    }

    private let state = Mutex(State())
    /// Upper bounds of the histograms' buckets, in seconds.
    private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

    /// Without any metric yet.
    package init() {}

    /// Adds to a counter, which starts at 0.
    ///
    /// - Parameter labels: what stands between the braces, such as `state="delivered"`; none by default.
    package func count(_ name: String, _ by: Int = 1, labels: String = "", help: String) {
        state.withLock { state in
            state.help[name] = ("counter", help)
            state.values[name, default: [:]][labels, default: 0] += Double(by)
        }
    }

    /// Sets a gauge.
    ///
    /// - Parameter labels: what stands between the braces; none by default.
    package func set(_ name: String, _ value: Double, labels: String = "", help: String) {
        state.withLock { state in
            state.help[name] = ("gauge", help)
            state.values[name, default: [:]][labels] = value
        }
    }

    /// Adds observations, in seconds, to a histogram.
    package func observe(_ name: String, _ seconds: [Double], help: String) {
        if seconds.isEmpty { return }
        state.withLock { state in
            state.help[name] = ("histogram", help)
            var histogram = state.histograms[name] ?? Histogram(buckets: Metrics.bounds.map { _ in 0 })
            for value in seconds {
                if let index = Metrics.bounds.firstIndex(where: { value <= $0 }) { histogram.buckets[index] += 1 }
                histogram.sum += value
                histogram.count += 1
            }
            state.histograms[name] = histogram
        }
    }

    /// All metrics in Prometheus's text format, by name.
    package var text: String {
        state.withLock { state in
            var text = ""
            for (name, help) in state.help.sorted(by: { $0.key < $1.key }) {
                text += "# HELP \(name) \(help.text)\n# TYPE \(name) \(help.kind)\n"
                for (labels, value) in (state.values[name] ?? [:]).sorted(by: { $0.key < $1.key }) {
                    text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(Metrics.number(value))\n"
                }
                guard let histogram = state.histograms[name] else { continue }
                var sum = 0
                for (bound, count) in zip(Metrics.bounds, histogram.buckets) {
                    sum += count
                    text += "\(name)_bucket{le=\"\(bound)\"} \(sum)\n"
                }
                text += "\(name)_bucket{le=\"+Inf\"} \(histogram.count)\n"
                text += "\(name)_sum \(histogram.sum)\n\(name)_count \(histogram.count)\n"
            }
            return text
        }
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }
}
