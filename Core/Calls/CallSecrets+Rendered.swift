package import Model
package import Secrets

extension CallSecrets {
    /// Opens what a call with header values in parts needs; throws `SecretError` naming what is missing or cannot be
    /// opened.
    ///
    /// The parts keep text that only looks like a reference to a secret from becoming one.
    package init(
        headers: [(name: String, value: SecretText)], signing: String?, tenant: TenantID,
        sealed: [String: SealedSecret], keys: SecretKeys?, now: Timestamp
    ) throws(SecretError) {
        var names = Set(headers.flatMap(\.value.names))
        if let signing { names.insert(signing) }
        var values: [String: String] = [:]
        for name in names {
            guard let keys else { throw SecretError("HEADGATE_SECRET_KEYS is not set, and the call needs a secret") }
            guard let secret = sealed[name] else { throw SecretError("there is no secret \(name)") }
            values[name] = try keys.open(secret.current, name: name, tenant: tenant)
        }
        var previous: [String] = []
        if let signing, let secret = sealed[signing], let old = secret.previous, let until = secret.previousUntil,
            now < until, let value = try? keys?.open(old, name: signing, tenant: tenant)
        {
            // A previous value whose key is gone is left out: the current one signs.
            previous = [value]
        }
        self.init(
            headers: headers.map { header in
                HTTPAction.Header(name: header.name, value: header.value.resolved { values[$0] } ?? "")
            }, signing: signing.flatMap { values[$0] }.map { [$0] + previous } ?? [], values: Array(values.values))
    }
}
