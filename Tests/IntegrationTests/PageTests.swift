import Foundation
import Model
import Telemetry
import Testing

/// The pages for those who change the code name what is there.
@Suite struct PageTests {
    private static let folders = ["Core", "Functions", "local-runner", "infra", "Tests", "docs"]

    /// Every file below the project's folders, by its path from the project.
    private func files() -> [String] {
        Self.folders.flatMap { folder -> [String] in
            let root = ProgramRun.project.appending(path: folder)
            let found = FileManager.default.enumerator(atPath: root.path())?.allObjects as? [String] ?? []
            return found.map { "\(folder)/\($0)" }
        }
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: ProgramRun.project.appending(path: path)), as: UTF8.self)
    }

    @Test(arguments: ["docs/protocols.md", "docs/architecture.md", "CONTRIBUTING.md"])
    func `every file that a page names exists`(page: String) throws {
        let files = files()
        let named = try text(page).matches(of: /`([A-Za-z0-9_+\/.-]+\.(?:swift|sql|lua|md|sh|py|yaml))`/).map {
            String($0.1)
        }
        #expect(!named.isEmpty)
        for name in Set(named).sorted()
        where !FileManager.default.fileExists(atPath: ProgramRun.project.appending(path: name).path()) {
            #expect(files.contains { $0.hasSuffix("/\(name)") }, "\(page) names \(name)")
        }
    }

    @Test func `the reasons that decide in SQL are those of CancelReason`() throws {
        let decided = try files().filter { $0.hasSuffix(".sql") }.flatMap { file in
            try text(file).matches(of: /reason in \(([^)]*)\)/).map { (file, String($0.1)) }
        }
        #expect(decided.count >= 2)
        for (file, list) in decided {
            #expect(list == CancelReason.plannedAgain.map { "${reason.\($0)}" }.joined(separator: ", "), "\(file)")
        }
    }

    @Test func `every test that the page of protocols names exists`() throws {
        let tests = try files().filter { $0.hasPrefix("Tests/") && $0.hasSuffix(".swift") }.map { try text($0) }
            .joined(separator: "\n")
        let page = try text("docs/protocols.md").replacing(/\n +/, with: " ")
        let lists = page.split(separator: "\n").filter { $0.hasPrefix("* Tests:") }
        #expect(lists.count >= 20)
        for name in lists.flatMap({ $0.matches(of: /"([^"]+)"/).map { String($0.1) } }) {
            #expect(tests.contains("`\(name)"), "no test begins with: \(name)")
        }
    }

    @Test func `the page of operations lists every metric as it is declared, and names no other`() throws {
        let page = try text("docs/operations.md")
        let table = Metric.all.map { metric in
            let labels = metric.labels.isEmpty ? "" : " by `\(metric.labels.joined(separator: "`, `"))`"
            return "| `\(metric.name)` | \(metric.kind.rawValue)\(labels) | \(metric.help) |"
        }.joined(separator: "\n")
        #expect(page.contains(table), "the table of docs/operations.md is to be:\n\(table)")
        let declared = Set(Metric.all.map(\.name))
        for name in page.matches(of: /headgate_[a-z_]+/).map({ String($0.0) }) where name.hasPrefix("headgate_") {
            #expect(
                declared.contains(name) || ["headgate_api", "headgate_engine"].contains(name), "\(name) is not declared"
            )
        }
        #expect(Metric.all.map(\.name) == Metric.all.map(\.name).sorted() && declared.count == Metric.all.count)
    }
}
