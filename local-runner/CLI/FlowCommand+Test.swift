import ArgumentParser
import FlowTesting
import Flows
import FunctionRuntime
import Model

extension FlowCommand {
    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run cases of a flow in virtual time, without an API.",
            usage: "headgate flow test [FLOW.json] CASES.json… [--junit FILE] [--json]",
            discussion: """
                A case says what the steps' remote systems do, and what must come of it; see docs/testing-flows.md. Exit codes: \
                0 all cases are as expected; 1 one is not; 64 a file needs mending.
                """)
        @Argument(
            help: ArgumentHelp(
                "The flow's definition, unless the files of cases name theirs, and files of cases.", valueName: "files")
        )
        var files: [String]
        @Option(help: "A file to write JUnit's XML to.") var junit: String?
        @Flag(help: "Print JSON.") var json = false

        func run() throws {
            var flow: (name: String, plan: FlowPlan)?
            var cases: [(file: String, document: JSON)] = []
            for file in files {
                let document = try Test.document(file)
                if FlowCaseFile.looksLike(document) {
                    cases.append((file, document))
                } else if flow == nil {
                    flow = (file, try Test.mended(file) { () throws(FieldErrors) in try FlowPlan(checking: document) })
                } else {
                    APIClient.say("\(file): has no cases, and there can be one flow only")
                    throw ExitCode(64)
                }
            }
            guard !cases.isEmpty else { throw ValidationError("there is no file of cases: an object with cases") }
            // All files are read before a case runs, so that mistakes are seen at once.
            var suites: [(file: String, flow: String, suite: FlowSuite)] = []
            var isWrong = false
            for (file, document) in cases {
                do {
                    let (name, suite) = try Test.suite(file, document, flow)
                    suites.append((file, name, suite))
                } catch let code as ExitCode where code.rawValue == 64 {
                    isWrong = true
                }
            }
            if isWrong { throw ExitCode(64) }
            var report = FlowTestReport()
            for (file, flow, suite) in suites { report.run(suite, file: file, flow: flow) }
            if let junit, !FileText.replace(junit, with: report.junit) {
                APIClient.say("\(junit): cannot be written")
                throw ExitCode(64)
            }
            print(json ? report.json.description : report.text)
            if report.counts.failures > 0 { throw ExitCode(1) }
        }

        private static func suite(
            _ file: String, _ document: JSON, _ given: (name: String, plan: FlowPlan)?
        ) throws -> (flow: String, FlowSuite) {
            let read = try mended(file) { () throws(FieldErrors) in try FlowCaseFile(document) }
            let (name, plan): (String, FlowPlan)
            switch (given, read.flow) {
            case (let given?, _): (name, plan) = given
            case (nil, .path(let path)):
                name = neighbour(path, of: file)
                let definition = try self.document(name)
                plan = try mended(name) { () throws(FieldErrors) in try FlowPlan(checking: definition) }
            case (nil, .definition(let json)):
                name = file
                plan = try mended(file) { () throws(FieldErrors) in try FlowPlan(checking: json, at: "/flow") }
            case (nil, .unnamed):
                APIClient.say("\(file): /flow: is required unless the flow is given before the files of cases")
                throw ExitCode(64)
            }
            return (name, try mended(file) { () throws(FieldErrors) in try FlowSuite(read, plan: plan) })
        }

        /// A path that is meant relative to a file.
        private static func neighbour(_ path: String, of file: String) -> String {
            guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
            return file[...slash] + path
        }

        private static func document(_ file: String) throws -> JSON {
            let bytes = try ScheduleCommand.read(file)
            do throws(JSON.SyntaxError) {
                return try JSON(document: bytes)
            } catch {
                APIClient.say("\(file):\(error.line):\(error.column): \(error.detail)")
                throw ExitCode(64)
            }
        }

        /// What a reader returns; its mistakes are printed with the file's name.
        private static func mended<Value>(_ file: String, _ read: () throws(FieldErrors) -> Value) throws -> Value {
            do throws(FieldErrors) {
                return try read()
            } catch {
                for mistake in error.errors {
                    let place = mistake.pointer.isEmpty ? "" : "\(mistake.pointer): "
                    APIClient.say("\(file): \(place)\(mistake.detail)")
                }
                throw ExitCode(64)
            }
        }
    }
}
