import Model
import Secrets
import Testing

@testable import Calls

@Suite struct CallSecretsTests {
    private let keys: SecretKeys
    private let other: SecretKeys

    init() throws {
        keys = try SecretKeys("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
        other = try SecretKeys("Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=")
    }

    private func open(_ header: String, signing: String? = nil, _ sealed: [String: SealedSecret]) throws -> CallSecrets
    {
        let call = HTTPAction(url: "http://a", headers: [.init(name: "A", value: header)], signing: signing)
        return try CallSecrets(of: call, tenant: "acme", sealed: sealed, keys: keys, now: .epoch)
    }
    private func seal(_ value: String, _ name: String) throws -> SealedSecret {
        SealedSecret(current: try keys.seal(value, name: name, tenant: "acme"))
    }

    @Test func `every form of a secret is left out of a response, also of a truncated one`() throws {
        let secrets = try open(
            "${secret.short} ${secret.long}", ["short": seal("abcdef", "short"), "long": seal("abcdefghij", "long")])
        func redacted(_ text: String, isTruncated: Bool = false) -> String {
            String(decoding: secrets.redacted(Array(text.utf8), isTruncated: isTruncated), as: UTF8.self)
        }
        #expect(redacted("x abcdefghij y abcdef z") == "x *** y *** z")
        #expect(
            redacted("x abcdefgh", isTruncated: true) == "x ***"
                || redacted("x abcdefgh", isTruncated: true) == "x ***gh")
        #expect(redacted("x abcde", isTruncated: true) == "x " && redacted("x abcde") == "x abcde")
        #expect(redacted("", isTruncated: true).isEmpty)
    }

    @Test func `an old value that no key opens does not stop the call`() throws {
        var secret = try seal("new", "hook")
        secret.previous = try other.seal("old", name: "hook", tenant: "acme")
        secret.previousUntil = .distantFuture
        #expect(try open("x", signing: "hook", ["hook": secret]).signing == ["new"])
    }

    @Test func `what is missing is named`() {
        let error = #expect(throws: SecretError.self) { try open("${secret.gone}", [:]) }
        #expect(error?.description == "there is no secret gone")
    }

    @Test(arguments: ["plain", "$", "${secret.", "${secret.a", "a}", "${other.a}"])
    func `text that is no reference stays text`(text: String) {
        #expect(!SecretText.containsReference(text) && SecretText(text).resolved { _ in nil } == text)
    }
}
