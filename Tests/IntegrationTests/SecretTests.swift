import Crypto
import Foundation
import Model
import Queue
import Redis
import Synchronization
import TestServers
import TestTarget
import Testing

/// Secrets in headers and signatures, from the API to the target.
@Suite(.serialized) struct SecretTests {
    private static func call(_ port: Int, _ path: String, _ more: String = "", when: String = Cluster.hourly)
        -> String
    {
        #"{"action":{"http":{"url":"http://127.0.0.1:\#(port)\#(path)"\#(more)}},"when":[\#(when)]}"#
    }
    private static let bearer = #","headers":{"Authorization":"Bearer ${secret.token}"}"#

    private static func fire(_ name: String, _ api: APIClient, _ it: Cluster) async throws -> JSON {
        let made = try await api.call("POST", "/v1/schedules/\(name)/fire")
        let id = try #require(made.body["id"]?.text)
        var trigger = JSON.null
        try await eventually("the trigger is settled") {
            trigger = try await api.call("GET", "/v1/triggers/\(id)").body
            return !["planned", "queued"].contains(trigger["state"]?.text)
        }
        return trigger
    }

    @Test func `a secret goes to the target and nowhere else, and changes without its schedule`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            let body = Self.call(it.target.port, "/bearer/first-value", Self.bearer)
            let missing = try await api.call("PUT", "/v1/schedules/a", body)
            #expect(missing.status == 400)
            #expect(missing.body["errors"]?.elements?[0]["detail"]?.text?.contains("no secret token") == true)
            let stored = try await api.call("PUT", "/v1/secrets/token", #"{"value":"first-value"}"#)
            #expect(stored.status == 201 && !stored.body.description.contains("first-value"))
            let made = try await api.call("PUT", "/v1/schedules/a", body)
            #expect(made.status == 201)
            #expect(made.body["action"]?["http"]?["headers"]?["Authorization"]?.text == "Bearer ${secret.token}")
            #expect(try await Self.fire("a", api, it)["state"]?.text == "delivered")
            // A target that sends it back does not get it into the records.
            _ = try await api.call("PUT", "/v1/schedules/b", Self.call(it.target.port, "/echo", Self.bearer))
            let echoed = try await Self.fire("b", api, it)
            let answer = echoed["attempts"]?.elements?[0]["response"]?.text ?? ""
            #expect(answer.contains("Bearer ***") && !answer.contains("first-value"))

            #expect(try await api.call("PUT", "/v1/secrets/token", #"{"value":"second-value"}"#).status == 200)
            try await eventually("the new value is used") {
                try await Self.fire("a", api, it)["state"]?.text == "rejected"
            }
            #expect(try await api.call("GET", "/v1/schedules/a").body["revision"]?.int == 1)
            let names = try await api.call("GET", "/v1/secrets")
            #expect(names.body["items"]?.elements?.compactMap { $0["name"]?.text } == ["token"])
            #expect(!names.body.description.contains("-value"))
            #expect(try await api.call("GET", "/v1/secrets/token").status == 405)
            for value in ["first-value", "second-value"] {
                let stored = "select count(*) from headgate.secret where position('\(value)'::bytea in sealed) > 0"
                #expect(try await it.number(stored) == 0)
            }
        }
    }

    @Test func `a value that cannot be a secret is refused without being said`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            for value in [#""a\nb""#, #""""#, "17", #""whsec_abc""#] {
                let refused = try await api.call("PUT", "/v1/secrets/x", #"{"value":\#(value)}"#)
                #expect(refused.status == 400 && refused.body["errors"]?.elements?[0]["pointer"]?.text == "/value")
                #expect(!refused.body.description.contains("17") && !refused.body.description.contains("abc"))
            }
            #expect(try await api.call("PUT", "/v1/secrets/a%2Fb", #"{"value":"abcd"}"#).status == 400)
            let bad = Self.call(9, "/x", #","headers":{"A":"${secret.a b}"},"signing":"-"#, when: #"{"every":"1h"}"#)
            let refused = try await api.call(
                "PUT", "/v1/schedules/a", bad.replacing(#""signing":"-"#, with: #""signing":"-""#))
            let pointers = refused.body["errors"]?.elements?.compactMap { $0["pointer"]?.text } ?? []
            #expect(Set(pointers) == ["/action/http/headers/A", "/action/http/signing"])
        }
    }

    @Test func `calls are signed by Standard Webhooks, and by both secrets while one is changed`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            let key = Data((0..<32).map { UInt8($0) })
            _ = try await api.call("PUT", "/v1/secrets/hook", #"{"value":"whsec_\#(key.base64EncodedString())"}"#)
            let body = Self.call(it.target.port, "/echo", #","signing":"hook","body":{"a":[1,2]}"#)
            #expect(try await api.call("PUT", "/v1/schedules/a", body).status == 201)
            func signatures(_ trigger: JSON) throws -> (isRight: Bool, count: Int) {
                let text = try #require(trigger["attempts"]?.elements?[0]["response"]?.text)
                let echo = try JSON(parsing: Array(text.utf8))
                let headers = try #require(echo["headers"])
                let id = try #require(headers["webhook-id"]?.text)
                let content = "\(id).\(headers["webhook-timestamp"]?.text ?? "").\(echo["body"]?.text ?? "")"
                let code = HMAC<SHA256>.authenticationCode(for: Data(content.utf8), using: SymmetricKey(data: key))
                let given = (headers["webhook-signature"]?.text ?? "").split(separator: " ").map(String.init)
                #expect(id == trigger["idempotencyKey"]?.text)
                return (given.contains("v1,\(Data(code).base64EncodedString())"), given.count)
            }
            #expect(try signatures(try await Self.fire("a", api, it)) == (true, 1))
            _ = try await api.call("PUT", "/v1/secrets/hook", #"{"value":"another secret"}"#)
            var last = (isRight: true, count: 1)
            try await eventually("both sign") {
                last = try signatures(try await Self.fire("a", api, it))
                return last.count == 2
            }
            #expect(last.isRight, "the old one still signs")
            _ = try await api.call("PUT", "/v1/secrets/hook", #"{"value":"a third","keepPrevious":"0s"}"#)
            try await eventually("only the new one signs") {
                last = try signatures(try await Self.fire("a", api, it))
                return last.count == 1
            }
            #expect(!last.isRight)
        }
    }

    @Test func `a call whose secret is gone waits for it, and is made when it is back`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            _ = try await api.call("PUT", "/v1/secrets/token", #"{"value":"first-value"}"#)
            _ = try await api.call(
                "PUT", "/v1/schedules/a", Self.call(it.target.port, "/bearer/first-value", Self.bearer))
            #expect(try await api.call("DELETE", "/v1/secrets/token").status == 204)
            // All of Redis is lost too: the monitor publishes what the database has.
            let redis = RedisConnection(url: try RedisURL(it.redis.withLock { $0 }.redisURL))
            _ = try await redis.call([RedisCommand("FLUSHALL")])
            let made = try await api.call("POST", "/v1/schedules/a/fire")
            let id = try #require(made.body["id"]?.text)
            let directory = RedisTenantDirectory(url: try RedisURL(it.redis.withLock { $0 }.redisURL))
            try await eventually("the directory is published again") { try await directory.state()?.version == 2 }
            #expect(try await api.call("GET", "/v1/triggers/\(id)").body["attempts"]?.elements?.count == 0)
            _ = try await api.call("PUT", "/v1/secrets/token", #"{"value":"first-value"}"#)
            try await eventually("it is delivered") {
                try await api.call("GET", "/v1/triggers/\(id)").body["state"]?.text == "delivered"
            }
        }
    }
}
