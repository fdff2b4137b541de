import Foundation
import Model
import Postgres
import TestServers
import Testing

/// `headgate` against a real API.
@Suite(.serialized) struct CommandLineTests {
    private func headgate(_ api: APIClient?, _ arguments: [String], key: String? = nil, input: String? = nil)
        async throws
        -> ProgramRun
    {
        try await ProgramRun(
            Cluster.programs.appending(path: "headgate"), arguments,
            environment: ["HEADGATE_API": api?.url ?? "http://127.0.0.1:1", "HEADGATE_KEY": key ?? api?.key ?? "hg_x"],
            input: input)
    }

    @Test func `schedules are applied, listed, shown, paused, resumed, fired and deleted`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let document = #"{"name":"hello","action":{"http":{"url":"http://127.0.0.1:9/x"}},"when":[{"every":"1h"}]}"#
            let applied = try await headgate(api, ["schedule", "apply", "-"], input: document)
            #expect(applied.status == 0 && applied.output.contains("1 created"), "\(applied)")
            #expect(try await headgate(api, ["schedule", "apply", "-"], input: document).output.contains("1 updated"))
            let list = try await headgate(api, ["schedule", "list"])
            #expect(list.status == 0 && list.output.contains("hello") && list.output.contains("active"))
            for (verb, state) in [("pause", "paused"), ("resume", "active")] {
                #expect(try await headgate(api, ["schedule", verb, "hello"]).status == 0)
                let shown = try await headgate(api, ["schedule", "show", "hello", "--json"])
                #expect(try JSON(parsing: shown.output)["state"]?.text == state)
            }
            #expect(try await headgate(api, ["schedule", "fire", "hello"]).status == 0)
            let triggers = try await headgate(api, ["trigger", "list", "--schedule", "hello"])
            #expect(triggers.status == 0 && triggers.output.contains("queued"), "\(triggers)")
            #expect(try await headgate(api, ["queue", "list"]).output.contains("outcomes"))
            let key = try await headgate(api, ["key", "create", "--subject", "bob", "--json"])
            #expect(key.status == 0 && key.output.contains("hg_"), "\(key)")
            #expect(try await headgate(api, ["schedule", "delete", "hello"]).status == 0)
            let gone = try await headgate(api, ["schedule", "show", "hello"])
            #expect(gone.status != 0 && gone.errors.contains("hello does not exist"), "\(gone)")
            // As of a shell's variable that is not set, and what is removed from a path on the way.
            for empty in [["schedule", "show"], ["schedule", "fire"], ["trigger", "show"], ["queue", "show"]] {
                for (name, complaint) in [("", "is empty"), (".", "is no name"), ("..", "is no name")] {
                    let run = try await headgate(api, empty + [name])
                    #expect(run.status == 64 && run.errors.contains(complaint) && run.output.isEmpty, "\(run)")
                }
            }
        }
    }

    @Test func `flows are checked without an API, each mistake with its place`() async throws {
        let good = #"{"steps":{"a":{"type":"wait","with":{"for":"1d"}}}}"#
        let run = try await headgate(nil, ["flow", "validate", "-"], input: good)
        #expect(run.status == 0 && run.output == "-: valid\n", "\(run)")
        let bad = #"{"steps":{"a":{"type":"wait","with":{"for":"1d"},"after":["b"]},"c":{"type":"map"}}}"#
        let refused = try await headgate(nil, ["flow", "validate", "-"], input: bad)
        #expect(refused.status == 64 && refused.output.isEmpty, "\(refused)")
        #expect(refused.errors.contains("-: /steps/c/type: steps of the type map are not supported yet"), "\(refused)")
        let broken = try await headgate(nil, ["flow", "validate", "-"], input: "{\n\"steps\": }")
        #expect(broken.status == 64 && broken.errors.hasPrefix("-:2:10: "), "\(broken)")
        // A file that cannot be read does not hide the next.
        let several = try await headgate(nil, ["flow", "validate", "/nowhere.json", "-"], input: good)
        #expect(several.status == 64 && several.errors.contains("/nowhere.json: cannot be read"), "\(several)")
        #expect(several.output == "-: valid\n", "\(several)")
        let types = try await headgate(nil, ["step-type", "list"])
        #expect(types.status == 0 && types.output.contains("dataset: Dataset, model: Model"), "\(types)")
    }

    @Test func `schedules are previewed, forecast, backfilled, and paused and resumed by prefix`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let document =
                #"{"name":"a-1","action":{"http":{"url":"http://127.0.0.1:9/x"}},"when":[{"every":"1h","anchor":"2026-01-01T00:00:00Z"}]}"#
            let preview = try await headgate(
                api, ["schedule", "preview", "-", "--count", "2", "--after", "2099-01-01T00:30:00Z"], input: document)
            #expect(preview.output == "2099-01-01T01:00:00.000Z\n2099-01-01T02:00:00.000Z\n", "\(preview)")
            for name in ["a-1", "a-2", "b"] {
                let one = document.replacing("a-1", with: name)
                #expect(try await headgate(api, ["schedule", "apply", "-"], input: one).status == 0)
            }
            let forecast = try await headgate(
                api,
                [
                    "schedule", "forecast", "--prefix", "a-", "--from", "2099-01-01T00:00:00Z", "--to",
                    "2099-01-02T00:00:00Z", "--step", "12h",
                ])
            let steps = forecast.output.split(separator: "\n").dropFirst().map { $0.split(separator: " ").last }
            #expect(steps == ["24", "24"], "\(forecast)")
            let paused = try await headgate(api, ["schedule", "pause", "--prefix", "a-", "--reason", "why"])
            #expect(paused.output == "2 schedules paused\n", "\(paused)")
            #expect(try await headgate(api, ["schedule", "resume", "--prefix", ""]).output == "2 schedules resumed\n")
            for wrong in [["a-1", "--prefix", "a-"], []] {
                #expect(try await headgate(api, ["schedule", "pause"] + wrong).status == 64)
            }
            let now = try await it.registry.now()
            let back = try await headgate(
                api, ["schedule", "backfill", "a-1", "--from", "\(now - .seconds(10_800))", "--to", "\(now)"])
            #expect(back.output == "3 triggers, 0 skipped\n", "\(back)")
            let future = try await headgate(
                api, ["schedule", "backfill", "a-1", "--from", "\(now)", "--to", "2099-01-01T00:00:00Z"])
            #expect(future.status == 64 && future.errors.contains("future"), "\(future)")
        }
    }

    @Test func `a mistake in a file is named by file, line and key`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try await ProgramRun.inFolder { folder in
                let file = folder.appending(path: "all.ndjson").path()
                let good = #"{"name":"a","action":{"http":{"url":"http://127.0.0.1:9/x"}},"when":[{"every":"1h"}]}"#
                let bad =
                    #"{"name":"b","action":{"http":{"url":"http://127.0.0.1:9/x"}},"when":[{"cron":"61 * * * *"}]}"#
                try Data("\(good)\n\(bad)\n".utf8).write(to: URL(filePath: file))
                let run = try await headgate(api, ["schedule", "apply", file])
                #expect(run.status == 64 && run.errors.contains("\(file):2: /when/0/cron"), "\(run)")
                #expect(run.output.contains("1 created"), "the good line is stored")
                try Data("{\n  \"name\": }\n".utf8).write(to: URL(filePath: file))
                let broken = try await headgate(api, ["schedule", "apply", file])
                #expect(broken.status == 64 && broken.errors.contains("\(file):2:"), "\(broken)")
            }
            let missing = try await headgate(api, ["schedule", "apply", "/nowhere/x.json"])
            #expect(missing.status == 64 && missing.errors.contains("/nowhere/x.json"))
            let refused = try await headgate(api, ["schedule", "list"], key: "hg_wrong")
            #expect(refused.status != 0 && refused.errors.contains("key"), "\(refused)")
        }
    }

    @Test func `no API, no such command, no such flag: each says what to do`() async throws {
        let absent = try await headgate(nil, ["schedule", "list"])
        #expect(absent.status != 0 && absent.errors.contains("127.0.0.1:1"), "\(absent)")
        #expect(try await headgate(nil, ["schedul"]).status == 64)
        let flag = try await headgate(nil, ["schedule", "list", "--nope"])
        #expect(flag.status == 64 && flag.errors.contains("--nope"))
        #expect(try await headgate(nil, ["--help"]).output.contains("schedule"))
    }

    @Test(arguments: [("api", ["--port"]), ("local-runner", ["test-target", "--port"])])
    func `a port that there is not is refused by name`(program: String, arguments: [String]) async throws {
        for port in ["65536", "99999"] {
            let run = try await ProgramRun(
                Cluster.programs.appending(path: program), arguments + [port], within: .seconds(20))
            #expect(run.status == 64 && run.errors.contains("--port: expected 0 to 65535"), "\(run)")
        }
    }
}
