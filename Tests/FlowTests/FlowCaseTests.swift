import FlowTesting
import Flows
import Foundation
import Model
import Testing

/// `Tests/Flows/*.json`: the semantics of flows, as files that `headgate flow test` runs, too.
struct FlowCaseTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    private static let folder = root.appending(path: "Flows")

    private static let files: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted()
    }()

    static func document(_ url: URL) throws -> JSON { try JSON(document: Array(try Data(contentsOf: url))) }

    private static func suite(_ name: String) throws -> FlowSuite {
        let file = try FlowCaseFile(document(folder.appending(path: name)))
        switch file.flow {
        case .definition(let json): return try FlowSuite(file, plan: FlowPlan(checking: json, at: "/flow"))
        case .path(let path):
            return try FlowSuite(file, plan: FlowPlan(checking: document(folder.appending(path: path))))
        case .unnamed: throw FieldErrors([FieldError(pointer: "/flow", detail: "is missing in \(name)")])
        }
    }

    @Test(arguments: files)
    func `every case of a file comes to what it expects`(name: String) throws {
        let suite = try FlowCaseTests.suite(name)
        for (flowCase, result) in zip(suite.cases, suite.run()) {
            let mismatches = flowCase.mismatches(result, suite.plan)
            #expect(mismatches.isEmpty, "\(name): \(flowCase.name): \(mismatches.joined(separator: "; "))")
        }
    }

    @Test func `the semantics have their files`() {
        #expect(FlowCaseTests.files.count >= 8)
    }

    @Test func `the example of the page is one of the files`() throws {
        let page = FlowCaseTests.root.deletingLastPathComponent().appending(path: "docs/testing-flows.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let block = try #require(text.split(separator: "```json\n").dropFirst().first?.split(separator: "```").first)
        let file = FlowCaseTests.folder.appending(path: "example.json")
        #expect(try JSON(parsing: String(block)) == FlowCaseTests.document(file))
    }
}
