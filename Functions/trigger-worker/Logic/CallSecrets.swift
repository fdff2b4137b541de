import Model
import Secrets

/// The secrets of one call, opened: headers with their values put in, and what signs it.
struct CallSecrets: Sendable {
    var headers: [HTTPAction.Header]
    /// Newest first.
    var signing: [String]
    /// What must not be recorded, should a target send it back.
    private var hidden: [[UInt8]] = []

    /// Opens what a call needs; throws what is missing, by name.
    init(
        of call: HTTPAction, tenant: String, sealed: [String: SealedSecret], keys: SecretKeys?, now: Timestamp
    ) throws(SecretError) {
        guard let keys else { throw SecretError("HEADGATE_SECRET_KEYS is not set, and the call needs a secret") }
        var values: [String: String] = [:]
        for name in call.secretNames {
            guard let secret = sealed[name] else { throw SecretError("there is no secret \(name)") }
            values[name] = try keys.open(secret.current, name: name, tenant: tenant)
        }
        headers = call.headers.map { header in
            guard SecretText.isIn(header.value), let value = SecretText(header.value).resolved({ values[$0] }) else {
                return header
            }
            return HTTPAction.Header(name: header.name, value: value)
        }
        signing = []
        hidden = values.values.filter { $0.utf8.count >= CallSecrets.shortestHidden }.map { Array($0.utf8) }
        guard let name = call.signing, let current = values[name], let secret = sealed[name] else { return }
        signing = [current]
        if let previous = secret.previous, let until = secret.previousUntil, now < until {
            signing.append(try keys.open(previous, name: name, tenant: tenant))
        }
    }

    /// An answer without the secrets that went out with the call.
    func redacted(_ answer: [UInt8]) -> [UInt8] {
        hidden.reduce(answer) { $0.replacing($1, with: Array("***".utf8)) }
    }

    /// Shorter ones occur by chance.
    private static let shortestHidden = 4
}
