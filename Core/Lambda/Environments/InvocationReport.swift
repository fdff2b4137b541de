import Model

/// The lines that Lambda writes into a function's log.
package struct InvocationReport: Hashable, Sendable {
    /// The request id.
    package var id: String
    /// From when the runtime got the invocation to its answer.
    package var duration: Duration
    /// The initialization before it, if this was the environment's first invocation.
    package var initialization: Duration?
    /// The function's, in MB.
    package var memory: Int
    /// The most that was seen, in bytes.
    package var memoryUsed: Int

    /// The first line of an invocation.
    static func start(_ id: String, version: String) -> String { "START RequestId: \(id) Version: \(version)" }

    /// The last lines of an invocation.
    var lines: [String] {
        var parts = [
            "REPORT RequestId: \(id)", "Duration: \(InvocationReport.milliseconds(duration)) ms",
            "Billed Duration: \(billed) ms", "Memory Size: \(memory) MB",
            "Max Memory Used: \((memoryUsed + 1_048_575) / 1_048_576) MB",
        ]
        if let initialization {
            parts.append("Init Duration: \(InvocationReport.milliseconds(initialization)) ms")
        }
        return ["END RequestId: \(id)", parts.joined(separator: "\t") + "\t"]
    }

    /// Begun milliseconds, with those of the initialization, which are billed since August 2025.
    private var billed: Int64 { (((duration + (initialization ?? .zero)).microseconds) + 999) / 1_000 }

    /// With two places.
    static func milliseconds(_ duration: Duration) -> String { decimal(duration.microseconds / 10) }
    /// With two places.
    static func seconds(_ duration: Duration) -> String { decimal(duration.microseconds / 10_000) }

    private static func decimal(_ hundredths: Int64) -> String {
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
