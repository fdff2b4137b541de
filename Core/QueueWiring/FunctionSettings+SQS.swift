private import FoundationEssentials
package import FunctionRuntime
private import HTTP
internal import SQSClient
private import Wiring

extension FunctionSettings.RequiredVariable {
    /// `HEADGATE_SQS`: the address of the SQS service that holds the queues of triggers and outcomes.
    ///
    /// Calls are signed with the credentials that the environment names: see `CredentialPlace`.
    package static let sqs = FunctionSettings.RequiredVariable(
        "HEADGATE_SQS", "the address of SQS, such as https://sqs.eu-central-1.amazonaws.com"
    ) { text in
        guard SQSSettings.isAddress(text) else {
            throw Mistake(description: "expected scheme and host, http://… or https://…, without a path; found \(text)")
        }
        guard SQSSettings.region(text, FunctionSettings.variable) != nil else {
            throw Mistake(description: "its host names no region: set AWS_REGION")
        }
        do throws(SQSClientError) {
            _ = try CredentialPlace(environment: SQSSettings.environment)
        } catch {
            throw Mistake(description: "\(error.message): calls of SQS are signed")
        }
    }

    private struct Mistake: Error, CustomStringConvertible { var description: String }
}

extension [FunctionSettings.RequiredVariable] {
    /// What a function needs that uses the queues of triggers or outcomes, beside what else it needs: SQS where
    /// `HEADGATE_SQS` is set, otherwise Redis.
    package static func queues(and others: Self) -> Self {
        let queues: Element = FunctionSettings.usesSQS ? .sqs : .redis
        return others.contains { $0.variable == queues.variable } ? others : others + [queues]
    }
}

/// What the environment says of SQS.
enum SQSSettings {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    static func isAddress(_ text: String) -> Bool {
        (text.hasPrefix("https://") || text.hasPrefix("http://")) && text.split(separator: "/").count > 1
            && HTTPRequest(method: "POST", url: text).isSignable
    }

    /// `AWS_REGION`, `AWS_DEFAULT_REGION`, or that of a host of AWS, `sqs.REGION.amazonaws.com`.
    static func region(_ address: String, _ variable: (String) -> String?) -> String? {
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            if let value = variable(name), !value.isEmpty { return value }
        }
        let labels = address.split(separator: "/").last?.split(separator: ".") ?? []
        guard labels.count >= 4, labels[0] == "sqs", labels[2] == "amazonaws" else { return nil }
        return String(labels[1])
    }
}

extension FunctionSettings {
    /// Whether SQS holds the queues of triggers and outcomes.
    package static var usesSQS: Bool { variable("HEADGATE_SQS").map { !$0.isEmpty } ?? false }
}
