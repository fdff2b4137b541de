import Model
import Processes
import Testing

@testable import LocalRunner

@Suite struct ExampleTests {
    private static let file = "\(Place.project)/local-runner/examples/tenants.ndjson"

    private func examples() throws -> ExampleSchedules {
        try ExampleSchedules(template: try #require(LocalFile.text(Self.file)), port: 4_321, file: Self.file)
    }

    @Test func `several hundred tenants with their own periods, time zones and targets`() throws {
        let examples = try examples()
        #expect(examples.count == 400 && examples.tenants == 400)
        #expect(examples.summary.contains("5s to 1h") && examples.margins.count > 50)
        for line in examples.lines.split(separator: "\n") {
            let schedule = try JSON(parsing: String(line))
            let tenant = try #require(schedule["tenant"]?.text)
            #expect(TenantID(tenant) != nil && ScheduleName(schedule["name"]?.text ?? "") != nil)
            let url = try #require(schedule["action"]?["http"]?["url"]?.text)
            #expect(url.hasPrefix("http://127.0.0.1:4321/") && url.hasSuffix("/retrain/\(tenant)"))
            for zone in (schedule["when"]?.elements ?? []).compactMap({ $0["timeZone"]?.text }) {
                #expect(LocalFile.text("/usr/share/zoneinfo/\(zone)") != nil, "\(zone)")
            }
        }
    }

    @Test func `enough of them are due soon to be seen at once`() throws {
        let perSecond = try examples().lines.split(separator: "\n").reduce(0.0) { sum, line in
            let every = try JSON(parsing: String(line))["when"]?.elements?.first?["every"]?.text.flatMap {
                Duration(text: $0)
            }
            return sum + (every.map { 1 / $0.inSeconds } ?? 0)
        }
        #expect(perSecond > 2 && perSecond < 20)
    }

    @Test func `a line that is not JSON is named`() {
        let error = #expect(throws: RunnerError.self) {
            try ExampleSchedules(template: "{}\n\n{\"a\" 1}\n", port: 1, file: "e.ndjson")
        }
        #expect(error?.message.hasPrefix("e.ndjson:3: ") == true)
    }

    @Test func `lateness is told by its median and its worst hundredth`() {
        var window = LatenessWindow()
        #expect(window.quantile(0.5) == nil)
        window.add((1...100).map { .milliseconds($0) })
        #expect(window.quantile(0.5) == .milliseconds(51) && window.quantile(0.99) == .milliseconds(100))
        window.add((1...LatenessWindow.size).map { _ in .milliseconds(7) })
        #expect(window.quantile(0) == .milliseconds(7) && window.quantile(0.99) == .milliseconds(7))
    }
}
