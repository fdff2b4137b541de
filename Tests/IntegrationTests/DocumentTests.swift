import Foundation
import Model
import TestServers
import Testing

/// Documents that come from people's files and from what the API itself has answered, and the names that they give.
@Suite(.serialized) struct DocumentTests {
    private func headgate(_ api: APIClient, _ arguments: [String], input: String? = nil) async throws -> ProgramRun {
        try await ProgramRun(
            Cluster.programs.appending(path: "headgate"), arguments,
            environment: ["HEADGATE_API": api.url, "HEADGATE_KEY": api.key], input: input)
    }

    private func pointers(_ answer: JSON) -> [String] {
        (answer["errors"]?.elements ?? []).compactMap { $0["pointer"]?.text }
    }

    @Test
    func `a name with every sign that names may have is applied, shown, paused, fired and deleted, encoded or not`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let name = "team:a@b+c._-9"
            let document = #"{"name":"\#(name)",\#(APITests.schedule.dropFirst())"#
            #expect(try await headgate(api, ["schedule", "apply", "-"], input: document).status == 0)
            for arguments in [["show"], ["pause"], ["resume"], ["upcoming"], ["fire"]] {
                let run = try await headgate(api, ["schedule"] + arguments + [name])
                #expect(run.status == 0, "\(arguments): \(run)")
            }
            let list = try await headgate(api, ["trigger", "list", "--schedule", name])
            #expect(list.output.contains(name), "\(list)")
            for path in ["team:a@b+c._-9", "team%3Aa%40b%2Bc._-9", "team%3aa%40b%2bc%2E%5F-9", "%74eam:a@b+c._%2D9"] {
                let shown = try await api.call("GET", "/v1/schedules/\(path)")
                #expect(shown.status == 200 && shown.body["name"]?.text == name, "\(path): \(shown)")
            }
            // Decoded once: what is encoded twice is another name, and none that can be given.
            #expect(try await api.call("GET", "/v1/schedules/team%253Aa").status == 400)
            let inside = try await api.call("GET", "/v1/schedules?prefix=team%3Aa@b+c")
            #expect(inside.body["items"]?.elements?.count == 1)
            #expect(try await headgate(api, ["schedule", "delete", name]).status == 0)
            #expect(try await api.call("GET", "/v1/schedules/team%3Aa%40b%2Bc._-9").status == 404)
        }
    }

    @Test func `no schedule takes the name of a call, and one that has it already can be shown and deleted`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let paths = try await api.call("GET", "/openapi.json").body["paths"]?.members ?? []
            let names = paths.compactMap { path -> String? in
                let parts = path.name.split(separator: "/")
                return parts.count == 3 && parts[1] == "schedules" && !parts[2].hasPrefix("{") ? String(parts[2]) : nil
            }
            #expect(Set(names).isSuperset(of: ["pause", "resume", "import", "preview"]))
            for name in names {
                let encoded = "%\(String(name.utf8.first!, radix: 16))\(name.dropFirst())"
                let put = try await api.call("PUT", "/v1/schedules/\(encoded)", APITests.schedule)
                #expect(put.status == 400 && pointers(put.body) == ["?name"], "\(put)")
                let line = #"{"name":"\#(name)",\#(APITests.schedule.dropFirst())"#
                let imported = try await api.call("POST", "/v1/schedules/import", line)
                #expect(imported.body["refused"]?.elements?.flatMap(pointers) == ["/name"], "\(imported)")
                // As an earlier version made them.
                try await it.register([(name, try JSON(parsing: APITests.schedule))], tenant: "dev")
                #expect(try await api.call("GET", "/v1/schedules/\(encoded)").body["name"]?.text == name)
                for verb in ["show", "pause", "resume", "fire", "delete"] {
                    let run = try await headgate(api, ["schedule", verb, name])
                    #expect(run.status == 0, "\(verb) \(name): \(run)")
                }
                #expect(try await api.call("GET", "/v1/schedules/\(encoded)").status == 404)
            }
        }
    }

    @Test func `the example of every body in openapi.json is accepted as it stands`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let document = try await api.call("GET", "/openapi.json").body
            var calls: [(method: String, path: String, example: JSON)] = []
            for path in document["paths"]?.members ?? [] {
                for operation in path.value.members ?? [] {
                    guard let content = operation.value["requestBody"]?["content"]?["application/json"] else {
                        continue
                    }
                    // These need an execution that has failed, or a token.
                    if path.name.contains("{id}") || path.name.contains("{token}") { continue }
                    let name = path.name.replacing("{name}", with: "shown").replacing("{type}", with: "model.train")
                        .replacing("{queue}", with: "triggers")
                        .replacing("{tenant}", with: "shown")
                    let example = try #require(content["example"], "\(path.name) has none")
                    calls.append((operation.name.uppercased(), name, example))
                }
            }
            #expect(calls.count >= 10)
            // What is put first is there for the others.
            for call in calls.sorted(by: { ($0.method, $1.path) > ($1.method, $0.path) }) {
                let isBulk = call.path.hasSuffix("schedules/pause") || call.path.hasSuffix("schedules/resume")
                let path = isBulk ? "\(call.path)?prefix=a" : call.path
                let answer = try await api.call(
                    call.method, path, String(decoding: call.example.serialized, as: UTF8.self))
                #expect((200..<300).contains(answer.status), "\(call.method) \(path): \(answer)")
            }
        }
    }

    @Test func `a byte order mark before a document, an import or a file changes nothing`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let mark = "\u{FEFF}"
            let line = #"{"name":"b",\#(APITests.schedule.dropFirst())"#
            #expect(try await api.call("PUT", "/v1/schedules/a", mark + APITests.schedule).status == 201)
            #expect(try await api.call("POST", "/v1/schedules/preview", mark + APITests.schedule).status == 200)
            for text in [line, "\n\(line)", "\(line)\n\(line.replacing(#""b""#, with: #""c""#))"] {
                let answer = try await api.call("POST", "/v1/schedules/import", mark + text)
                #expect(answer.status == 200 && answer.body["refused"]?.elements == [], "\(answer)")
                let run = try await headgate(api, ["schedule", "apply", "-"], input: mark + text)
                #expect(run.status == 0 && run.errors.isEmpty, "\(run)")
            }
            let list = try await headgate(api, ["schedule", "apply", "-"], input: "\(mark)[\(line)]")
            #expect(list.status == 0 && list.output.contains("1 updated"), "\(list)")
            #expect(try await headgate(api, ["schedule", "preview", "-"], input: mark + line).status == 0)
        }
    }

    @Test func `what is shown is edited and applied, some time later too`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let document = #"{"name":"a","pauseAfter":3,\#(APITests.schedule.dropFirst())"#
            #expect(try await headgate(api, ["schedule", "apply", "-"], input: document).status == 0)
            let shown = try await headgate(api, ["schedule", "show", "a", "--json"]).output
            // Time goes on: the next occurrence is another, and the row has moved to another shard.
            try await it.execute(
                "update headgate.schedule set next_at = next_at + interval '1 hour', updated_at = updated_at + interval '1 hour'"
            )
            let edited = shown.replacing(#""pauseAfter":3"#, with: #""pauseAfter":5"#)
                .replacing(#""shard":"#, with: #""shard":9"#)
            #expect(edited != shown)
            #expect(try await api.call("PUT", "/v1/schedules/a", shown).status == 200)
            let applied = try await headgate(api, ["schedule", "apply", "-"], input: edited)
            #expect(applied.status == 0 && applied.output.contains("1 updated"), "\(applied)")
            let now = try await api.call("GET", "/v1/schedules/a").body
            #expect(now["pauseAfter"]?.int == 5 && now["revision"]?.int == 2)
            // All of them, as listed; and as another schedule, of another tenant's installation.
            let listed = try await headgate(api, ["schedule", "list", "--json"]).output
            #expect(try await headgate(api, ["schedule", "apply", "-"], input: listed).status == 0)
            let copied = try await headgate(
                api, ["schedule", "apply", "-"], input: listed.replacing(#""name":"a""#, with: #""name":"b""#))
            #expect(copied.output.contains("1 created"), "\(copied)")
            // The first document is older than the change.
            let late = try await api.call("PUT", "/v1/schedules/a", shown)
            #expect(late.status == 400 && pointers(late.body) == ["/revision"], "\(late)")
            let refused = try await headgate(api, ["schedule", "apply", "-"], input: shown)
            #expect(refused.status == 64 && refused.errors.contains("/revision: is read-only, and 2 now"), "\(refused)")
            // One that ends by itself is applied all the same.
            let active = try await api.call("GET", "/v1/schedules/a").body
            try await it.execute(
                "update headgate.schedule set state = ${schedule.finished}, next_at = null where name = 'a'")
            #expect(try await api.call("PUT", "/v1/schedules/a", active.description).status == 200)
        }
    }

    @Test func `an edited document can be applied again by who lost the answer, and by no one who would change more`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let shown = try await api.call("PUT", "/v1/schedules/a", APITests.schedule).body.description
            let edited = shown.replacing(#""every":"1h""#, with: #""every":"2h""#)
            #expect(edited != shown)
            for _ in 0..<2 { #expect(try await api.call("PUT", "/v1/schedules/a", edited).status == 200) }
            let line = #"{"name":"a",\#(edited.dropFirst())"#.replacing(#""name":"a","name":"a""#, with: #""name":"a""#)
            let imported = try await api.call("POST", "/v1/schedules/import", line).body
            #expect(imported["refused"]?.elements?.isEmpty == true, "\(imported)")
            let run = try await headgate(api, ["schedule", "apply", "-"], input: line)
            #expect(run.status == 0, "\(run)")
            #expect(try await api.call("GET", "/v1/schedules/a").body["revision"]?.int == 2)
            // A pause and a resume by the document, too.
            let paused = try await api.call("GET", "/v1/schedules/a").body.description
                .replacing(#""paused":false"#, with: #""paused":true"#)
            for _ in 0..<2 {
                #expect(try await api.call("PUT", "/v1/schedules/a", paused).body["state"]?.text == "paused")
            }
            let resumed = try await api.call("GET", "/v1/schedules/a").body.description
                .replacing(#""paused":true"#, with: #""paused":false"#)
            for _ in 0..<2 {
                #expect(try await api.call("PUT", "/v1/schedules/a", resumed).body["state"]?.text == "active")
            }
            for other in [shown, edited.replacing(#""revision":1"#, with: #""revision":3"#)] {
                #expect(try await api.call("PUT", "/v1/schedules/a", other).status == 400, "\(other)")
            }
        }
    }

    @Test func `an import of an export can be repeated, also after the schedules were deleted`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            #expect(try await api.call("PUT", "/v1/schedules/a", APITests.schedule).status == 201)
            let paused = #"{"paused":true,"# + APITests.schedule.dropFirst()
            #expect(try await api.call("PUT", "/v1/schedules/b", paused).status == 201)
            _ = try await api.call("POST", "/v1/schedules/b/resume")
            _ = try await api.call("POST", "/v1/schedules/b/pause", #"{"reason":"moving"}"#)
            let items = try #require(try await api.call("GET", "/v1/schedules").body["items"]?.elements)
            let export = items.map(\.description).joined(separator: "\n")
            for name in ["a", "b"] { _ = try await api.call("DELETE", "/v1/schedules/\(name)") }
            let counts: [(created: Int, updated: Int)] = [(2, 0), (0, 2)]
            for count in counts {
                let imported = try await api.call("POST", "/v1/schedules/import", export).body
                #expect(imported["refused"]?.elements?.isEmpty == true, "\(imported)")
                #expect(imported["created"]?.int == count.created && imported["updated"]?.int == count.updated)
            }
            // What would change something is still refused.
            let edited = export.replacing(#""every":"1h""#, with: #""every":"2h""#)
            let refused = try await api.call("POST", "/v1/schedules/import", edited).body["refused"]?.elements ?? []
            #expect(refused.count == 2 && pointers(refused[0]).contains("/id"), "\(refused)")
        }
    }

    @Test func `a call for one tenant stores nothing in another, whatever its lines name`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let line = #"{"name":"a","tenant":"dev",\#(APITests.schedule.dropFirst())"#
            let imported = try await api.call("POST", "/v1/schedules/import", line, tenant: "other")
            #expect(imported.body["refused"]?.elements?.flatMap(pointers) == ["/tenant"], "\(imported)")
            let run = try await headgate(api, ["schedule", "apply", "--tenant", "other", "-"], input: line)
            #expect(run.status == 64 && run.errors.contains("the tenant that the call is for, other"), "\(run)")
            #expect(try await it.count(of: .schedules) == 0)
            #expect(try await api.call("POST", "/v1/schedules/import", line).body["created"]?.int == 1)
        }
    }

    @Test func `what may be a mistake in an expression is warned of by PUT, preview, import and the command line`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let document =
                #"{"action":{"http":{"url":"http://127.0.0.1:9/x"}},"when":[{"cron":"*/7 * * * *"},{"cron":"0 0 13 * 5"}]}"#
            let line = #"{"name":"a",\#(document.dropFirst())"#
            let imported = try await api.call("POST", "/v1/schedules/import", line).body["warnings"]?.elements?.first
            for answer in [
                try await api.call("PUT", "/v1/schedules/b", document).body,
                try await api.call("POST", "/v1/schedules/preview", document).body, try #require(imported),
            ] {
                let warned = (answer["warnings"]?.elements ?? []).compactMap { $0["pointer"]?.text }
                #expect(warned == ["/when/0/cron", "/when/1/cron"], "\(answer)")
            }
            for arguments in [["schedule", "apply", "-"], ["schedule", "preview", "-"]] {
                let run = try await headgate(api, arguments, input: line)
                #expect(run.status == 0 && (run.output + run.errors).contains("/when/0/cron"), "\(arguments): \(run)")
            }
        }
    }

    @Test func `a read-only field that says otherwise is refused by its pointer, in a PUT and in an import`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let shown = try await api.call("PUT", "/v1/schedules/a", APITests.schedule).body
            let changed: [(String, JSON)] = [
                ("id", "0193a5f0-7c1e-7abc-8def-0123456789ab"), ("state", "paused"), ("revision", 7),
                ("pauseReason", "moving"), ("createdAt", "2020-01-01T00:00:00.000Z"), ("tenant", "other"),
            ]
            for (name, value) in changed {
                let members = shown.members!.map { $0.name == name ? JSON.Member(name, value) : $0 }
                let put = try await api.call("PUT", "/v1/schedules/a", JSON.object(members).description)
                #expect(put.status == 400 && pointers(put.body) == ["/\(name)"], "\(name): \(put)")
                if name == "tenant" { continue }
                let imported = try await api.call("POST", "/v1/schedules/import", JSON.object(members).description)
                #expect(imported.body["refused"]?.elements?.flatMap(pointers) == ["/\(name)"], "\(name): \(imported)")
            }
            for (name, value) in [
                ("nextAt", "2020-01-01T00:00:00Z"), ("updatedAt", "2020-01-01T00:00:00Z"), ("shard", 99),
                ("createdAt", .string(shown["createdAt"]!.text!.replacing("Z", with: "000+00:00"))),
            ]
                as [(String, JSON)]
            {
                let members = shown.members!.map { $0.name == name ? JSON.Member(name, value) : $0 }
                #expect(try await api.call("PUT", "/v1/schedules/a", JSON.object(members).description).status == 200)
            }
            let settings = try await api.call("PUT", "/v1/tenants/acme", #"{"weight":2}"#)
            #expect(settings.status == 201)
            let answer = try await api.call("GET", "/v1/tenants/acme").body
            #expect(try await api.call("PUT", "/v1/tenants/acme", answer.description).status == 200)
            #expect(try await api.call("PUT", "/v1/tenants/acme", #"{"weight":3}"#).status == 200)
            let late = try await api.call("PUT", "/v1/tenants/acme", answer.description)
            #expect(late.status == 400 && pointers(late.body) == ["/revision"], "\(late)")
            let other = try await api.call("PUT", "/v1/tenants/acme", #"{"tenant":"else"}"#)
            #expect(other.status == 400 && pointers(other.body) == ["/tenant"], "\(other)")
        }
    }
}
