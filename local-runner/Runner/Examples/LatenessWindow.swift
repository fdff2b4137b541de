import Model

/// The lateness of the latest deliveries.
struct LatenessWindow {
    /// How many deliveries are looked at.
    static let size = 1_000

    private var values: [Duration] = []

    mutating func add(_ more: [Duration]) {
        values += more
        if values.count > LatenessWindow.size { values.removeFirst(values.count - LatenessWindow.size) }
    }

    /// The value below which this fraction of the deliveries lies; nil if there are none.
    func quantile(_ share: Double) -> Duration? {
        guard !values.isEmpty else { return nil }
        return values.sorted()[min(values.count - 1, Int(Double(values.count) * share))]
    }

    /// `1234 delivered, 12 in the last second; late by 3 ms (median), 21 ms (p99)`
    func summary(total: Int, inLastSecond: Int) -> String {
        guard let median = quantile(0.5), let high = quantile(0.99) else {
            return "\(total) delivered; waiting for the first schedules to come due"
        }
        return "\(total) delivered, \(inLastSecond) in the last second; "
            + "late by \(median.milliseconds) ms (median), \(high.milliseconds) ms (p99)"
    }
}
