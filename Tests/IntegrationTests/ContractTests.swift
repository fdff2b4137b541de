import Foundation
import Model
import TestServers
import TestTarget
import Testing

/// The API and `openapi.json` say the same.
@Suite(.serialized) struct ContractTests {
    @Test
    func `what openapi.json describes is what the API takes and answers, for schemathesis and a generated client`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            let environment = ProcessInfo.processInfo.environment
            let run = try await ProgramRun(
                Cluster.sources.appending(path: "infra/scripts/contract.sh"),
                [api.url, api.key, "http://127.0.0.1:\(it.target.port)/ok"],
                environment: ["PATH": environment["PATH"] ?? "", "HOME": environment["HOME"] ?? "/tmp"],
                within: .seconds(900))
            #expect(run.status == 0, "\(run.output)\n\(run.errors)")
            #expect(run.output.contains("the generated client has walked through the example"))
        }
    }

    @Test func `Allow names the methods of a path, and others are refused`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let port = Int(api.url.split(separator: ":").last!)!
            for (path, allowed) in [
                ("/v1/schedules", "GET"), ("/v1/schedules/a", "DELETE, GET, PUT"), ("/v1/schedules/pause", "POST"),
                ("/v1/schedules/import", "POST"), ("/v1/tenants/a", "DELETE, GET, PUT"),
                ("/v1/secrets/a", "DELETE, PUT"),
                ("/v1/keys/0193a5f0-7c1e-7abc-8def-0123456789ab", "DELETE"), ("/healthz", "GET"), ("/metrics", "GET"),
                ("/readyz", "GET"), ("/openapi.json", "GET"),
            ] {
                for method in ["PATCH", "OPTIONS", "TRACE", "HEAD", "DELETE", "PUT", "GET", "POST"]
                where !allowed.contains(method) {
                    let connection = try RawConnection(port: port)
                    connection.send(
                        Array(
                            "\(method) \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer \(api.key)\r\n\r\n"
                                .utf8))
                    let answer = String(decoding: await connection.receive(), as: UTF8.self)
                    #expect(answer.hasPrefix("HTTP/1.1 405"), "\(method) \(path): \(answer.prefix(60))")
                    let header = answer.split(separator: "\r\n").first { $0.lowercased().hasPrefix("allow:") } ?? ""
                    let names = header.dropFirst(6).split(separator: ",").map {
                        $0.trimmingCharacters(in: .whitespaces)
                    }
                    #expect(names.sorted().joined(separator: ", ") == allowed, "\(method) \(path): \(header)")
                }
            }
        }
    }

    @Test func `an erased tenant is not there until something is made for it, and one that nobody has set is`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            #expect(try await api.call("GET", "/v1/tenants/acme").status == 200)
            #expect(try await api.call("PUT", "/v1/tenants/acme", #"{"weight":2}"#).status == 201)
            #expect(try await api.call("DELETE", "/v1/tenants/acme").status == 200)
            #expect(try await api.call("GET", "/v1/tenants/acme").status == 404)
            #expect(try await api.call("DELETE", "/v1/tenants/acme").status == 200)
            #expect(try await api.call("GET", "/v1/tenants/acme").status == 404)
            let again = try await api.call("PUT", "/v1/tenants/acme", "{}")
            #expect((200...201).contains(again.status) && again.body["revision"]?.int == 1, "\(again)")
            #expect(try await api.call("GET", "/v1/tenants/acme").status == 200)
            #expect(try await api.call("DELETE", "/v1/tenants/acme").status == 200)
            #expect(try await api.call("PUT", "/v1/schedules/a", APITests.schedule, tenant: "acme").status == 201)
            #expect(try await api.call("GET", "/v1/tenants/acme").status == 200)
        }
    }
}
