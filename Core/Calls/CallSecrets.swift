package import Model
package import Secrets

/// The opened secrets of one call: its headers with the values filled in, and the secrets that sign it.
package struct CallSecrets: Sendable {
    /// All headers of the call, in their order.
    package var headers: [HTTPAction.Header]
    /// Secrets to sign with, newest first; a rotated one stays until its time. Empty: the call is not signed.
    package var signing: [String]
    /// Values that must not be recorded if a target sends them back, longest first.
    private var hidden: [[UInt8]] = []

    /// Opens what a call needs; throws `SecretError` naming what is missing or cannot be opened.
    package init(
        of call: HTTPAction, tenant: TenantID, sealed: [String: SealedSecret], keys: SecretKeys?, now: Timestamp
    ) throws(SecretError) {
        try self.init(
            headers: call.headers.map { ($0.name, SecretText($0.value)) }, signing: call.signing, tenant: tenant,
            sealed: sealed, keys: keys, now: now)
    }

    /// Opens what a call with header values in parts needs; throws as above.
    ///
    /// The parts keep text that only looks like a reference to a secret from becoming one.
    package init(
        headers: [(name: String, value: SecretText)], signing name: String?, tenant: TenantID,
        sealed: [String: SealedSecret], keys: SecretKeys?, now: Timestamp
    ) throws(SecretError) {
        var names = Set(headers.flatMap(\.value.names))
        if let name { names.insert(name) }
        var values: [String: String] = [:]
        for name in names {
            guard let keys else { throw SecretError("HEADGATE_SECRET_KEYS is not set, and the call needs a secret") }
            guard let secret = sealed[name] else { throw SecretError("there is no secret \(name)") }
            values[name] = try keys.open(secret.current, name: name, tenant: tenant)
        }
        // Every name has a value by now.
        self.headers = headers.map { HTTPAction.Header(name: $0.name, value: $0.value.resolved { values[$0] } ?? "") }
        signing = []
        hidden = CallSecrets.hidden(values.values)
        guard let name, let current = values[name], let secret = sealed[name] else { return }
        signing = [current]
        if let previous = secret.previous, let until = secret.previousUntil, now < until {
            // A previous value whose key is gone is left out: the current one signs.
            if let value = try? keys?.open(previous, name: name, tenant: tenant) { signing.append(value) }
        }
    }

    private static func hidden(_ values: some Sequence<String>) -> [[UInt8]] {
        values.map { Array($0.utf8) }.filter { $0.count >= shortestHidden }.sorted { $0.count > $1.count }
    }

    /// A response body in which the call's secrets are replaced by `***`.
    ///
    /// - Parameter isTruncated: the body may end within a secret; such a trailing part is removed, too.
    package func redacted(_ body: [UInt8], isTruncated: Bool) -> [UInt8] {
        var redacted = hidden.reduce(body) { $0.replacing($1, with: Array("***".utf8)) }
        guard isTruncated else { return redacted }
        let tail = hidden.map { secret in (1..<secret.count).last { redacted.suffix($0) == secret.prefix($0) } ?? 0 }
            .max()
        redacted.removeLast(min(tail ?? 0, redacted.count))
        return redacted
    }

    /// In bytes; shorter values occur by chance.
    private static let shortestHidden = 4
}
