import Model
import Postgres
import TestServers
import Testing

/// Every bound of what calls take besides schedules' documents, and one beyond it: what is accepted comes out as it went
/// in, and the rest is refused by its place. `BoundsTests` has the fields of documents.
@Suite(.serialized) struct APIBoundsTests {
    private static func text(_ length: Int) -> String { String(repeating: "a", count: length) }
    private static func list(_ count: Int) -> String {
        "[" + Array(repeating: "\"a\"", count: count).joined(separator: ",") + "]"
    }

    /// A field, JSON that it accepts, and JSON beyond its bounds.
    private typealias Bounds = (field: String, accepted: [String], refused: [String])

    private static let tenant: [Bounds] = [
        ("weight", ["0.01", "100"], ["0.0099", "100.01", "0", "-1", "1e400"]),
        ("maxRate", ["0.001", "1000000"], ["0.0009", "1000000.1", "0"]),
        ("maxSchedules", ["0", "2147483647"], ["-1", "2147483648", "0.5", "1e30"]),
        (
            "targetRates", [#"{"\#(text(261))":0.001}"#, #"{"a:1":999999.5}"#],
            [#"{"\#(text(262))":1}"#, #"{"a":0}"#, #"{"":1}"#]
        ),
    ]

    @Test func `a tenant's settings come out as they went in, and beyond their bounds they are refused`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            for (field, accepted, refused) in Self.tenant {
                for value in accepted {
                    let put = try await api.call("PUT", "/v1/tenants/a", "{\"\(field)\":\(value)}")
                    #expect(put.status < 300, "\(field) \(value): \(put)")
                    let shown = try await api.call("GET", "/v1/tenants/a").body[field]
                    let wanted = try JSON(parsing: value)
                    #expect(
                        shown == wanted || shown?.double == wanted.double && wanted.double != nil, "\(field) \(value)")
                }
                for value in refused {
                    let put = try await api.call("PUT", "/v1/tenants/a", "{\"\(field)\":\(value)}")
                    let pointer = put.body["errors"]?.elements?.first?["pointer"]?.text
                    #expect(put.status == 400 && pointer?.hasPrefix("/\(field)") == true, "\(field) \(value): \(put)")
                }
            }
        }
    }

    /// A call, the body with `#` in place of the value, and what it accepts and refuses.
    private static let bodies: [(method: String, path: String, body: String, bounds: Bounds)] = [
        (
            "PUT", "/v1/secrets/a", #"{"value":#}"#,
            ("value", ["\"a\"", "\"\(text(4_096))\""], ["\"\"", "\"\(text(4_097))\"", #""a\nb""#])
        ),
        (
            "PUT", "/v1/secrets/a", #"{"value":"v","keepPrevious":#}"#,
            ("keepPrevious", [#""0s""#, #""30d""#], [#""30d1ms""#, #""-1s""#])
        ),
        (
            "POST", "/v1/keys", #"{"subject":#}"#,
            ("subject", ["\"a\"", "\"\(text(200))\""], ["\"\"", "\"\(text(201))\""])
        ),
        (
            "POST", "/v1/keys", #"{"subject":"a","groups":#}"#,
            ("groups", ["[]", list(100)], [list(101), "[\"\"]", "[\"\(text(64))\"]"])
        ),
        (
            "POST", "/v1/keys", #"{"subject":"a","tenant":#}"#,
            ("tenant", ["\"\(text(63))\""], ["\"\(text(64))\"", "\"\""])
        ),
        (
            "POST", "/v1/schedules/s/pause", #"{"reason":#}"#,
            ("reason", ["\"\"", "\"\(text(500))\""], ["\"\(text(501))\""])
        ),
        ("POST", "/v1/queues/triggers/redrive", #"{"limit":#}"#, ("limit", ["1", "10000"], ["0", "10001", "1.5"])),
        (
            "POST", "/v1/queues/triggers/redrive", #"{"ratePerSecond":#}"#,
            ("ratePerSecond", ["0.001", "1000000"], ["0", "1000001"])
        ),
        (
            "POST", "/v1/schedules/s/backfill", #"{"from":"2026-01-01T00:00:00Z","to":#}"#,
            ("to", [#""2026-01-01T01:00:00Z""#], [#""2026-13-01T00:00:00Z""#, #""9999-12-31T23:59:59-05:00""#, "5"])
        ),
    ]

    @Test func `the fields of other bodies are accepted up to their bounds, and refused beyond them`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            #expect(try await api.call("PUT", "/v1/schedules/s", APITests.schedule).status == 201)
            for (method, path, body, bounds) in Self.bodies {
                for value in bounds.accepted {
                    let answer = try await api.call(method, path, body.replacing("#", with: value))
                    #expect(answer.status < 300, "\(path) \(bounds.field) \(value.prefix(40)): \(answer)")
                }
                for value in bounds.refused {
                    let answer = try await api.call(method, path, body.replacing("#", with: value))
                    let pointer = answer.body["errors"]?.elements?.first?["pointer"]?.text
                    #expect(
                        answer.status == 400 && pointer?.hasPrefix("/\(bounds.field)") == true,
                        "\(path) \(bounds.field) \(value.prefix(40)): \(answer)")
                }
            }
        }
    }

    @Test func `names and parameters are accepted up to their bounds, and refused beyond them`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            for (method, path, body, status) in [
                ("PUT", "/v1/schedules/\(Self.text(200))", APITests.schedule, 201),
                ("PUT", "/v1/schedules/\(Self.text(201))", APITests.schedule, 400),
                ("PUT", "/v1/tenants/\(Self.text(63))", "{}", 201), ("PUT", "/v1/tenants/\(Self.text(64))", "{}", 400),
                ("PUT", "/v1/secrets/\(Self.text(63))", #"{"value":"v"}"#, 201),
                ("PUT", "/v1/secrets/\(Self.text(64))", #"{"value":"v"}"#, 400),
                ("GET", "/v1/schedules?limit=1", nil, 200), ("GET", "/v1/schedules?limit=1000", nil, 200),
                ("GET", "/v1/schedules?limit=0", nil, 400), ("GET", "/v1/schedules?limit=1001", nil, 400),
                ("GET", "/v1/schedules?limit=1e2", nil, 400),
                ("GET", "/v1/schedules?prefix=\(Self.text(200))", nil, 200),
                ("GET", "/v1/schedules?prefix=\(Self.text(201))", nil, 400),
                ("POST", "/v1/schedules/preview?count=1000", APITests.schedule, 200),
                ("POST", "/v1/schedules/preview?count=1001", APITests.schedule, 400),
                ("GET", "/v1/forecast?step=1s&to=\(try await it.registry.now() + .seconds(60))", nil, 200),
                ("GET", "/v1/forecast?step=999ms", nil, 400), ("GET", "/v1/forecast?step=367d", nil, 400),
                ("GET", "/v1/triggers?from=0000-01-01T00:00:00Z", nil, 200),
                ("GET", "/v1/triggers?from=0000-01-01T00:00:00%2B01:00", nil, 400),
                ("GET", "/v1/triggers?to=9999-12-31T23:59:59-05:00", nil, 400),
            ] as [(String, String, String?, Int)] {
                let answer = try await api.call(method, path, body)
                #expect(answer.status == status, "\(method) \(path): \(answer)")
            }
        }
    }
}
