import Foundation
import Testing

/// The checks of `make lint` can fail.
@Suite struct GateTests {
    private func gate(_ file: String, _ text: String) async throws -> ProgramRun {
        try await ProgramRun.inFolder { folder in
            let path = folder.appending(path: file)
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            _ = FileManager.default.createFile(
                atPath: path.path(), contents: Data(text.utf8), attributes: [.posixPermissions: 0o755])
            return try await ProgramRun(ProgramRun.project.appending(path: "infra/scripts/gates.sh"), [folder.path()])
        }
    }

    @Test(arguments: [
        ("Core/Model/A.swift", "import Foundation\n"), ("Functions/loader/A.swift", "private import Foundation\n"),
        ("Functions/trigger-worker/Logic/A.swift", "package import Postgres\n"),
        ("Core/Queue/A.swift", "import CHiredis\n"), ("Functions/api/Logic/A.swift", "import CLibpq\n"),
        ("Core/Scheduling/A.swift", "import Glibc\n"),
        ("Core/Queue/A.swift", "final class A: @unchecked Sendable {}\n"), (".build/release/loader", "ucal_open"),
        ("Core/Postgres/sql/a.sql", "select 1 from headgate.trigger where state in (0, 1)\n"),
        ("Core/Postgres/sql/a.sql", "select 1 from headgate.trigger t where t.kind = 2\n"),
        ("Tests/StoreTests/A.swift", "let sql = \"select 1 from headgate.trigger where state = 2\"\n"),
        ("Tests/StoreTests/A.swift", "process.waitUntil" + "Exit()\n"),
    ]) func `a forbidden import or linkage is named and fails`(file: String, text: String) async throws {
        let run = try await gate(file, text)
        #expect(run.status == 1 && run.output.contains(file), "\(run)")
    }

    @Test(arguments: [
        ("Core/Model/A.swift", "import FoundationEssentials\n"), ("Core/Postgres/A.swift", "private import CLibpq\n"),
        ("Functions/historian/Logic/A.swift", "import Store\n"),
    ]) func `what is allowed passes`(file: String, text: String) async throws {
        #expect(try await gate(file, text).status == 0)
    }

    @Test(arguments: [
        ("Module(\"Queue\", at: \"Core/Queue\", imports: \"Redis\"),", "Queue imports Redis"),
        ("Module(\"Redis\", at: \"Core/Redis\", imports: \"Worker\"),", "Redis imports Worker"),
        (
            "Module(\n    \"Worker\", at: \"Functions/worker/Logic\",\n    imports: \"\"\"\n    Queue \\\n    Redis\n    \"\"\"),",
            "Worker imports Redis"
        ),
    ]) func `a module that imports what is in no layer below it, or a driver, is named and fails`(
        line: String, complaint: String
    ) async throws {
        let layers = [
            "Module(\"Queue\", at: \"Core/Queue\"),", "Module(\"Redis\", at: \"Core/Redis\", imports: \"Queue\"),",
            "Module(\"Worker\", at: \"Functions/worker/Logic\", imports: \"Queue\"),",
        ]
        func manifest(_ lines: [String]) -> String {
            lines.enumerated().map { "// Layer \($0.offset + 1)\n\($0.element)\n" }.joined() + "let tests = [\n]\n"
        }
        #expect(try await gate("Package.swift", manifest(layers)).status == 0)
        let name = line.split(separator: "\"")[1]
        let run = try await gate(
            "Package.swift", manifest(layers.map { $0.contains("Module(\"\(name)\"") ? line : $0 }))
        #expect(run.status == 1 && run.output.contains(complaint), "\(run)")
    }

    /// Debug builds need Swift's own libraries besides, which the gate leaves out.
    @Test func `every program that is built needs only the libraries that it uses`() async throws {
        let run = try await ProgramRun(
            ProgramRun.project.appending(path: "infra/scripts/gates.sh"), [],
            environment: ["HEADGATE_GATED_BINARIES": Cluster.programs.path()])
        #expect(run.status == 0, "\(run)")
    }

    @Test func `a binary that needs a library which it does not use is named and fails`() async throws {
        try await ProgramRun.inFolder { folder in
            let release = folder.appending(path: ".build/release")
            try FileManager.default.createDirectory(at: release, withIntermediateDirectories: true)
            let gates = ProgramRun.project.appending(path: "infra/scripts/gates.sh")
            // The API's needs libpq and libhiredis.
            try FileManager.default.copyItem(
                at: Cluster.programs.appending(path: "api"), to: release.appending(path: "trigger-worker"))
            let run = try await ProgramRun(gates, [folder.path()])
            #expect(run.status == 1 && run.output.contains("trigger-worker: needs libpq"), "\(run)")
            #expect(!run.output.contains("needs libhiredis"))
        }
    }

    @Test func `a file that is not formatted is named and fails`() async throws {
        try await ProgramRun.inFolder { folder in
            for name in ["infra/scripts", "Core"] {
                try FileManager.default.createDirectory(
                    at: folder.appending(path: name), withIntermediateDirectories: true)
            }
            for name in ["infra/scripts/format.sh", ".swift-format"] {
                try FileManager.default.copyItem(
                    at: ProgramRun.project.appending(path: name), to: folder.appending(path: name))
            }
            try Data("// swift-tools-version: 6.2\n".utf8).write(to: folder.appending(path: "Package.swift"))
            try Data("let  a=1\n".utf8).write(to: folder.appending(path: "Core/A.swift"))
            let script = folder.appending(path: "infra/scripts/format.sh")
            let path = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""]
            let bad = try await ProgramRun(script, ["lint"], environment: path)
            #expect(bad.status != 0 && bad.errors.contains("A.swift"))
            try Data("let a = 1\n".utf8).write(to: folder.appending(path: "Core/A.swift"))
            #expect(try await ProgramRun(script, ["lint"], environment: path).status == 0)
        }
    }
}
