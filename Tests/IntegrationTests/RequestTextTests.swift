import Foundation
import Model
import TestServers
import Testing

/// Every text of every call that `openapi.json` describes, with what cannot be stored or is far too long.
@Suite(.serialized) struct RequestTextTests {
    /// One call of the document.
    private struct Operation {
        var method: String
        var path: String
        var description: JSON

        func parameters(in place: String) -> [String] {
            (description["parameters"]?.elements ?? []).filter { $0["in"]?.text == place }
                .compactMap { $0["name"]?.text }
        }

        /// The path with a good value for each parameter but one.
        func path(_ parameter: String? = nil, _ value: [UInt8] = []) -> [UInt8] {
            var bytes: [UInt8] = []
            for part in path.split(separator: "/") {
                bytes.append(UInt8(ascii: "/"))
                guard part.hasPrefix("{") else {
                    bytes += Array(part.utf8)
                    continue
                }
                let name = String(part.dropFirst().dropLast())
                bytes += name == parameter ? value : Array(Operation.samples[name]!.utf8)
            }
            return bytes
        }

        private static let samples = [
            "name": "nobody", "id": "0193a5f0-7c1e-7abc-8def-0123456789ab", "tenant": "nobody", "queue": "triggers",
            "type": "model.train", "token": "none",
        ]
    }

    private static let schedule = #"""
        {"action": {"http": {"method": "PUT", "url": "https://example.com/a", "headers": {"X-A": "1"},
          "body": {"model": "churn"}, "timeout": "30s", "signing": "hook"}},
         "when": [{"cron": "0 2 * * *", "timeZone": "Europe/Berlin", "dialect": "unix", "dst": {"gap": "skip", "overlap": "both"}},
           {"every": "90s", "anchor": "2026-01-01T01:00:00+01:00"}, {"at": "2096-12-01T09:00:00+01:00"}],
         "except": [{"cron": "* * 25 12 *"}], "margin": "12%", "spread": "hash", "missed": "all", "overlap": "allow",
         "retry": {"initial": "2s", "cap": "1m"}, "from": "2026-01-01T00:00:00Z", "until": "2097-01-01T00:00:00Z",
         "onFailure": {"http": {"url": "https://example.com/b", "headers": {"X-B": "1"}}}}
        """#

    private static let flow = #"""
        {"inputs": {"a": {"type": "string", "default": "x"}},
         "steps": {"s": {"type": "http", "with": {"url": "https://example.com/${inputs.a}", "body": "${inputs.a}"},
           "when": "inputs.a == 'x'", "timeout": "1h", "after": []}},
         "outputs": {"status": "${s.status ?? 0}"}, "timeout": "30d"}
        """#

    /// A body with every text that each call takes.
    private static let bodies = [
        "POST /v1/schedules/import": #"{"name":"a","tenant":"dev",\#(schedule.dropFirst())"#,
        "POST /v1/schedules/preview": #"{"name":"a",\#(schedule.dropFirst())"#,
        "PUT /v1/schedules/{name}": #"{"name":"nobody",\#(schedule.dropFirst())"#,
        "POST /v1/schedules/{name}/pause": #"{"reason":"why"}"#,
        "POST /v1/schedules/{name}/resume": #"{"missed":"all"}"#,
        "POST /v1/schedules/pause": #"{"reason":"why"}"#,
        "POST /v1/schedules/resume": #"{"missed":"all"}"#,
        "POST /v1/schedules/{name}/backfill": #"{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T00:00:01Z"}"#,
        "POST /v1/triggers":
            #"{"action":{"http":{"url":"https://example.com/a","headers":{"X-A":"1"},"body":["x"]}},"at":"2096-12-01T09:00:00Z","margin":"1h","retry":{"initial":"1s"}}"#,
        "POST /v1/queues/{queue}/redrive": #"{"limit":1,"ratePerSecond":5}"#,
        "POST /v1/keys": #"{"subject":"bob","tenant":"dev","role":"viewer","groups":["g"]}"#,
        "PUT /v1/tenants/{tenant}":
            #"{"weight":1,"targetRates":{"example.com":5},"onFailure":{"http":{"url":"https://example.com/b","signing":"hook"}}}"#,
        "PUT /v1/flows/{name}": flow, "POST /v1/flows/{name}/validate": flow,
        "PUT /v1/bindings/{type}":
            #"{"request":{"url":"https://example.com/a","headers":{"X-A":"1"},"body":{"x":"${inputs.dataset}"},"signing":"hook"},"timeout":"1h"}"#,
        "POST /v1/flows/{name}/executions": #"{"id":"0193a5f0-7c1e-7abc-8def-0123456789ab","input":{"a":"x"}}"#,
        "POST /v1/flows/{name}/executions/import": #"{"id":"0193a5f0-7c1e-7abc-8def-0123456789ab","input":{"a":"x"}}"#,
        "POST /v1/executions/{id}/retry": #"{"fromStep":"train"}"#,
        "PUT /v1/secrets/{name}": #"{"value":"secret","keepPrevious":"1d"}"#,
    ]

    /// What a text may not have, as it stands in a path or query.
    private static let encoded: [[UInt8]] = [
        "%00", "a%00b", "%ED%A0%80", "%FF", "a%C3", "%", "%4", "%zz",
    ].map { Array($0.utf8) }
    /// What no part of a request's head may have: the server refuses it before it is anybody's request.
    private static let raw: [[UInt8]] = [[0xFF], [0x61, 0xC3, 0x28], [0x61, 0], [0x7F]]
    /// The same inside the quotes of a JSON string.
    private static let quoted: [[UInt8]] =
        [#"\u0000"#, #"a\u0000b"#, #"\ud800"#, #"\udc00\ud800"#].map { Array($0.utf8) }
        + [[0xFF], [0xED, 0xA0, 0x80], [0x00]]
    private static let megabyte = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)

    private struct Session {
        var api: APIClient
        var port: Int { Int(api.url.split(separator: ":").last!)! }

        func send(
            _ operation: Operation, target: [UInt8], header: (name: String, value: [UInt8])? = nil, body: [UInt8] = []
        ) async throws -> (status: Int?, body: JSON) {
            var bytes =
                Array("\(operation.method) ".utf8) + target
                + Array(" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".utf8)
            bytes += Array("Authorization: Bearer \(api.key)\r\nContent-Length: \(body.count)\r\n".utf8)
            if let header { bytes += Array("\(header.name): ".utf8) + header.value + Array("\r\n".utf8) }
            return try await RawConnection.exchange(port: port, bytes + Array("\r\n".utf8) + body)
        }
    }

    private func operations(_ api: APIClient) async throws -> [Operation] {
        let document = try await api.call("GET", "/openapi.json").body
        // A signed path is its own key: anything else there is 401.
        return (document["paths"]?.members ?? []).filter {
            $0.name.hasPrefix("/v1/") && !$0.name.contains("{token}")
        }.flatMap { path in
            (path.value.members ?? []).map {
                Operation(method: $0.name.uppercased(), path: path.name, description: $0.value)
            }
        }
    }

    private func pointers(_ answer: JSON) -> [String] {
        (answer["errors"]?.elements ?? []).compactMap { $0["pointer"]?.text }
    }

    @Test
    func `a text in a path, query or header that is no UTF-8, has U+0000 or is a megabyte is refused, in every call`()
        async throws
    {
        try await Cluster.with { it in
            let session = Session(api: try await APIClient.start(it))
            let operations = try await operations(session.api)
            #expect(operations.count > 25)
            for operation in operations {
                let label = "\(operation.method) \(operation.path)"
                func check(_ text: [UInt8], _ place: String, _ answer: (status: Int?, body: JSON), _ pointer: String) {
                    let what = "\(label): \(place) \(String(decoding: text.prefix(20), as: UTF8.self))"
                    if text.count > 100_000 {
                        // The head of a request is limited: its connection is closed, with or without an answer.
                        #expect(answer.status.map { (400..<500).contains($0) } ?? true, "\(what): \(answer)")
                    } else if Self.raw.contains(text), answer.body == .null {
                        #expect(answer.status == 400, "\(what): \(answer)")
                    } else {
                        #expect(answer.status == 400, "\(what): \(answer)")
                        #expect(pointers(answer.body) == [pointer], "\(what): \(answer)")
                    }
                }
                for name in operation.parameters(in: "path") {
                    for text in Self.encoded + Self.raw + [Self.megabyte] {
                        let answer = try await session.send(operation, target: operation.path(name, text))
                        check(text, "path", answer, "?\(name)")
                    }
                }
                for name in operation.parameters(in: "query") + [""] {
                    for text in Self.encoded + Self.raw + [Self.megabyte] {
                        let target = operation.path() + Array("?\(name)=".utf8) + text
                        // A parameter without a name is one that nobody knows.
                        check(text, "query", try await session.send(operation, target: target), "?\(name)")
                    }
                }
                for name in operation.parameters(in: "header") + ["Headgate-Tenant"] {
                    for text in Self.raw + [Self.megabyte] {
                        let target = operation.path()
                        let answer = try await session.send(operation, target: target, header: (name, text))
                        check(text, "header \(name)", answer, "?\(name)")
                    }
                }
            }
            #expect(try await session.api.call("GET", "/v1/schedules").status == 200)
        }
    }

    @Test
    func `a text in a body that is no UTF-8, has U+0000 or is a megabyte is refused with its pointer, in every call`()
        async throws
    {
        try await Cluster.with { it in
            let session = Session(api: try await APIClient.start(it))
            // Whose executions are imported below.
            #expect(try await session.api.call("PUT", "/v1/flows/nobody", Self.flow).status == 201)
            for operation in try await operations(session.api) where operation.description["requestBody"] != nil {
                let label = "\(operation.method) \(operation.path)"
                let sample = try JSON(parsing: try #require(Self.bodies[label], "\(label) needs a body here"))
                let query = operation.parameters(in: "query").contains("prefix") ? "?prefix=none" : ""
                let target = operation.path() + Array(query.utf8)
                for text in Self.quoted + [Self.megabyte] {
                    for (pointer, body) in RequestTextTests.variants(sample, text) {
                        // The document of an import and of a preview is that of a PUT; a megabyte takes its time.
                        let isShared = operation.path.hasSuffix("/import") || operation.path.hasSuffix("/preview")
                        if isShared, text.count > 100_000, pointer != "/name", pointer != "/tenant" { continue }
                        let answer = try await session.send(operation, target: target, body: body)
                        let what = "\(label): \(pointer) \(String(decoding: text.prefix(20), as: UTF8.self))"
                        var errors = pointers(answer.body)
                        // What is readable is checked, and its mistakes are the answer.
                        let isCheck = operation.path.hasSuffix("/validate") && answer.status == 200
                        if isCheck {
                            errors = (answer.body["mistakes"]?.elements ?? []).compactMap { $0["pointer"]?.text }
                        }
                        if operation.path.hasSuffix("/import") {
                            #expect(answer.status == 200, "\(what): \(answer)")
                            errors = (answer.body["refused"]?.elements ?? []).flatMap { pointers($0) }
                        } else {
                            #expect(answer.status == 400 || isCheck, "\(what): \(answer)")
                        }
                        #expect(errors.contains { pointer.hasPrefix($0) && !$0.isEmpty }, "\(what): \(errors)")
                    }
                    // As a name: the pointer is that of the object.
                    let body = Array("{\"".utf8) + text + Array("\":1}".utf8)
                    let answer = try await session.send(operation, target: target, body: body)
                    let isList =
                        operation.path.hasSuffix("/import") || answer.body["mistakes"]?.elements?.isEmpty == false
                    #expect(answer.status == (isList ? 200 : 400), "\(label): a name: \(answer.status ?? 0)")
                }
            }
        }
    }

    /// The document with one of its texts replaced, for each of them: its pointer, and the bytes.
    private static func variants(_ document: JSON, _ text: [UInt8]) -> [(String, [UInt8])] {
        let mark = "\u{1}mark\u{1}"
        return leaves(document, "").map { pointer in
            let marked = replacing(document, "", pointer, .string(mark)).serialized
            let place = marked.firstRange(of: JSON.string(mark).serialized)!
            return (
                pointer,
                marked[..<place.lowerBound] + Array("\"".utf8) + text + Array("\"".utf8) + marked[place.upperBound...]
            )
        }
    }

    private static func leaves(_ value: JSON, _ pointer: String) -> [String] {
        switch value {
        case .string: [pointer]
        case .array(let elements): elements.enumerated().flatMap { leaves($1, "\(pointer)/\($0)") }
        case .object(let members): members.flatMap { leaves($0.value, "\(pointer)/\($0.name)") }
        default: []
        }
    }

    private static func replacing(_ value: JSON, _ pointer: String, _ target: String, _ text: JSON) -> JSON {
        if pointer == target { return text }
        switch value {
        case .array(let elements):
            return .array(elements.enumerated().map { replacing($1, "\(pointer)/\($0)", target, text) })
        case .object(let members):
            return .object(members.map { .init($0.name, replacing($0.value, "\(pointer)/\($0.name)", target, text)) })
        default: return value
        }
    }
}
