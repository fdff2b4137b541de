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
        var seen: Set<Metric> = []
        var values: [Metric: [String: Double]] = [:]
        var histograms: [Metric: Histogram] = [:]
    }

    private let state = Mutex(State())
    /// Upper bounds of the histograms' buckets, in seconds.
    private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

    /// Without any metric yet.
    package init() {}

    /// Adds to a counter, which starts at 0.
    ///
    /// - Parameter labels: what stands between the braces, such as `state="delivered"`; none by default.
    package func count(_ metric: Metric, _ by: Int = 1, labels: String = "") {
        state.withLock { state in
            state.seen.insert(metric)
            state.values[metric, default: [:]][labels, default: 0] += Double(by)
        }
    }

    /// Sets a gauge.
    ///
    /// - Parameter labels: what stands between the braces; none by default.
    package func set(_ metric: Metric, _ value: Double, labels: String = "") {
        state.withLock { state in
            state.seen.insert(metric)
            state.values[metric, default: [:]][labels] = value
        }
    }

    /// Adds observations, in seconds, to a histogram.
    package func observe(_ metric: Metric, _ seconds: [Double]) {
        if seconds.isEmpty { return }
        state.withLock { state in
            state.seen.insert(metric)
            var histogram = state.histograms[metric] ?? Histogram(buckets: Metrics.bounds.map { _ in 0 })
            for value in seconds {
                if let index = Metrics.bounds.firstIndex(where: { value <= $0 }) { histogram.buckets[index] += 1 }
                histogram.sum += value
                histogram.count += 1
            }
            state.histograms[metric] = histogram
        }
    }

    /// All metrics in Prometheus's text format, by name.
    package var text: String {
        state.withLock { state in
            var text = ""
            for metric in state.seen.sorted(by: { $0.name < $1.name }) {
                let name = metric.name
                text += "# HELP \(name) \(metric.help)\n# TYPE \(name) \(metric.kind.rawValue)\n"
                for (labels, value) in (state.values[metric] ?? [:]).sorted(by: { $0.key < $1.key }) {
                    text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(Metrics.number(value))\n"
                }
                guard let histogram = state.histograms[metric] else { continue }
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
