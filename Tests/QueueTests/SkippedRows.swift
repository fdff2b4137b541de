import Foundation
import Queue
import Testing

/// The rows of the conformance suites that a driver cannot keep to, by the capability that it lacks.
struct SkippedRows: Sendable {
    var capability: any KeyPath<QueueCapabilities, Bool> & Sendable
    /// What is said of a driver without it.
    var lack: String
    /// Names of tests.
    var rows: [String] = []
    /// Files of which every test needs it.
    var files: [String] = []

    static let all: [SkippedRows] = [
        SkippedRows(
            capability: \.knowsIDs, lack: "knows no ids: a send is always accepted, and replaces nothing",
            rows: [
                "a known id is not sent twice",
                "an id stays known until ten minutes after its outcome was recorded",
                "a redriving send replaces what is dead or settled and nothing else",
                "a repair of a redrive that was never sent takes the dead letter's place",
                "a dead letter does not stand for a redrive that was never sent",
                "purging outcomes lets their triggers be sent again",
            ]),
        SkippedRows(
            capability: \.findsByID, lack: "finds no message by its id: a cancel is always inFlight",
            rows: [
                "cancel removes what nobody holds",
                "a cancel says whether a worker has had the message",
                "a cancel that comes first refuses a late send",
                "what is settled and not recorded is as good as in flight to a cancel",
            ]),
        SkippedRows(
            capability: \.listsDead, lack: "lists no dead letters",
            rows: [
                "a message whose receivers all die is buried and its outcome says so",
                "a burial keeps the id and its reason, and no body",
                "dead letters are redriven oldest first at a rate",
                "a tenant has a thousand dead letters at most, and none for longer than a week",
                "one tenant's dead letters do not hide another's",
            ]),
        SkippedRows(
            capability: \.isMaintained, lack: "does nothing when asked for upkeep",
            rows: ["maintain buries and promotes without a receiver"]),
        SkippedRows(
            capability: \.isExactlyFair, lack: "is not fair to the position, and keeps no order",
            rows: ["a lighter cost gets a larger share", "messages of one tenant keep their order"],
            // What is fair in it holds for our endpoint too, but takes 40 s in its store in memory.
            files: ["HeavyTenantTests.swift"]),
        SkippedRows(
            capability: \.countsTenants, lack: "counts no tenants, and knows no ages",
            rows: [
                "statistics count every place",
                "pressure names those who have much of the queue, by messages and by bytes",
            ]),
        SkippedRows(capability: \.isHolding, lack: "holds no groups", files: ["HoldTests.swift"]),
    ]

    /// Why a queue of these capabilities does not run the test; nil: it does.
    static func reason(_ test: Test?, _ capabilities: QueueCapabilities) -> String? {
        guard let test else { return nil }
        let file = test.sourceLocation.fileName
        return all.first { entry in
            !capabilities[keyPath: entry.capability]
                && (entry.files.contains(file) || entry.rows.contains { test.name.contains("`\($0)`") })
        }?.lack
    }
}

@Suite struct SkippedRowsTests {
    @Test func `every row that is skipped exists`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent != "SkippedRows.swift" }
        let text = try files.map { try String(contentsOf: $0, encoding: .utf8) }.joined()
        for row in SkippedRows.all.flatMap(\.rows) { #expect(text.contains("func `\(row)`"), "\(row)") }
        for file in SkippedRows.all.flatMap(\.files) {
            #expect(files.contains { $0.lastPathComponent == file }, "\(file)")
        }
    }
}
