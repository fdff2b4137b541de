import Model
import Secrets
import Testing

@Suite("Secrets") struct SecretTests {
    private let first = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    private let second = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="

    @Test func `what is sealed opens again, and every sealing differs`() throws {
        let keys = try SecretKeys(first)
        let (one, two) = (
            try keys.seal("Bearer s3cret", name: "token", tenant: "acme"),
            try keys.seal("Bearer s3cret", name: "token", tenant: "acme")
        )
        #expect(try keys.open(one, name: "token", tenant: "acme") == "Bearer s3cret")
        #expect(one != two)
        #expect(!String(decoding: one, as: UTF8.self).contains("s3cret"))
    }

    @Test func `a sealed value opens for its own tenant and name only`() throws {
        let keys = try SecretKeys(first)
        let sealed = try keys.seal("x", name: "token", tenant: "acme")
        #expect(throws: SecretError.self) { try keys.open(sealed, name: "token", tenant: "other") }
        #expect(throws: SecretError.self) { try keys.open(sealed, name: "other", tenant: "acme") }
    }

    @Test func `a changed byte is noticed`() throws {
        let keys = try SecretKeys(first)
        let sealed = try keys.seal("x", name: "token", tenant: "acme")
        for index in sealed.indices {
            var damaged = sealed
            damaged[index] ^= 1
            #expect(throws: SecretError.self) { try keys.open(damaged, name: "token", tenant: "acme") }
        }
    }

    @Test func `after a change of keys the old values open, and new ones need the new key`() throws {
        let old = try SecretKeys(first).seal("x", name: "token", tenant: "acme")
        let both = try SecretKeys("\(second),\(first)")
        #expect(try both.open(old, name: "token", tenant: "acme") == "x")
        let new = try both.seal("y", name: "token", tenant: "acme")
        #expect(throws: SecretError.self) { try SecretKeys(first).open(new, name: "token", tenant: "acme") }
    }

    @Test(arguments: ["", ",", "short", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg=="])
    func `what is not a key is refused`(text: String) { #expect(throws: SecretError.self) { try SecretKeys(text) } }

    /// The values of the tests that the standard's reference libraries share (github.com/standard-webhooks/standard-webhooks).
    @Test func `a signature is that of the standard's example`() {
        let headers = WebhookSignature.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: Timestamp(seconds: 1_614_265_330),
            body: Array(#"{"test": 2432232314}"#.utf8), secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
        #expect(
            headers.map(\.value) == [
                "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ])
    }

    @Test func `while a secret is changed a call carries both signatures`() {
        let value = WebhookSignature.headers(
            id: "a", at: .epoch, body: [], secrets: ["new", "old"])[2].value
        #expect(value.split(separator: " ").count == 2)
        #expect(value.split(separator: " ").allSatisfy { $0.hasPrefix("v1,") })
    }

    @Test(arguments: [
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true), ("whsec_short", false), ("whsec_c2hvcnQ=", false),
        ("any text", true),
    ])
    func `a signing secret is checked`(secret: String, isGood: Bool) {
        #expect((WebhookSignature.mistake(in: secret) == nil) == isGood)
    }
}
