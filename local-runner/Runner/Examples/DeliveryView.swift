import Model
import TestTarget

/// Shows deliveries as they come: each second the first few, and the number and lateness of all.
struct DeliveryView: Sendable {
    let log: RequestLog
    let margins: [String: String]
    let console: Console

    /// Single deliveries shown per second: more could not be read.
    static let linesPerSecond = 4
    /// Without a terminal, a summary is printed every so many seconds.
    static let quietPeriod = 10

    /// Runs until the task is cancelled.
    func show() async throws {
        var seen = 0
        var recent = LatenessWindow()
        var second = 0
        while true {
            try await Task.sleep(for: .seconds(1))
            second += 1
            let deliveries = log.recent(after: seen)
            seen = deliveries.last?.number ?? seen
            for delivery in deliveries.prefix(DeliveryView.linesPerSecond) {
                console.print(line(delivery), from: "delivery")
            }
            recent.add(deliveries.compactMap(punctualLateness))
            let summary = recent.summary(total: seen, inLastSecond: deliveries.count)
            console.setStatus(summary)
            if !console.isTerminal && second % DeliveryView.quietPeriod == 0 { console.say(summary) }
        }
    }

    /// The tenant of a delivery: `acme` for `/retrain/acme`.
    private func tenant(_ delivery: RequestLog.Entry) -> String {
        delivery.path.split(separator: "/").last.map(String.init) ?? "?"
    }

    private func lateness(_ delivery: RequestLog.Entry) -> Duration? {
        Timestamp(delivery.fireTime).map { delivery.time - $0 }
    }

    /// The lateness of a delivery due at its very occurrence; nil for retries, which come later on purpose, and for
    /// schedules with a margin.
    private func punctualLateness(_ delivery: RequestLog.Entry) -> Duration? {
        margins[tenant(delivery)] == nil && delivery.path.hasPrefix("/retrain/") ? lateness(delivery) : nil
    }

    private func line(_ delivery: RequestLog.Entry) -> String {
        let tenant = tenant(delivery)
        let late = lateness(delivery)
        let comment =
            switch (late, margins[tenant]) {
            case _ where !(200...299).contains(delivery.status): "answered \(delivery.status), to come again"
            case (nil, _): "no fire time"
            case (let late?, nil): "\(late.milliseconds) ms late"
            case (let late?, let margin?):
                "\(Duration.milliseconds(late.milliseconds).text) into its margin of \(margin)"
            }
        let padding = String(repeating: " ", count: max(1, 28 - tenant.utf8.count))
        let path = delivery.path + String(repeating: " ", count: max(1, 38 - delivery.path.utf8.count))
        return "\(delivery.time.description.dropFirst(11).dropLast())  \(tenant)\(padding)\(path)\(comment)"
    }
}
