package import Model

/// The results of the cases of several files.
package struct FlowTestReport: Sendable {
    /// The cases of one file.
    package struct File: Sendable {
        package var name: String
        package var cases: [Case]
    }

    /// One case.
    package struct Case: Sendable {
        package var name: String
        /// Why it failed, one line for each mismatch; empty: it passed.
        package var messages: [String]
        /// How long it ran, in virtual time; nil: it did not end.
        package var duration: Duration?
    }

    /// In the order in which they were added.
    package private(set) var files: [File] = []
    private var flows: [(name: String, suite: FlowSuite, coverage: FlowCoverage)] = []

    /// An empty report.
    package init() {}

    /// Runs the cases of a file, and adds their results.
    ///
    /// - Parameter flow: the flow's name. The coverage of all files that are run for the same flow is combined.
    package mutating func run(_ suite: FlowSuite, file: String, flow: String) {
        var cases: [Case] = []
        var coverage = FlowCoverage()
        for (flowCase, result) in zip(suite.cases, suite.run()) {
            cases.append(
                Case(
                    name: flowCase.name, messages: flowCase.mismatches(result, suite.plan), duration: result.duration))
            coverage.add(result.coverage)
        }
        files.append(File(name: file, cases: cases))
        if let place = flows.firstIndex(where: { $0.name == flow }) {
            flows[place].coverage.add(coverage)
        } else {
            flows.append((flow, suite, coverage))
        }
    }

    /// How many cases there are, and how many of them failed.
    package var counts: (cases: Int, failures: Int) {
        let cases = files.flatMap(\.cases)
        return (cases.count, cases.count { !$0.messages.isEmpty })
    }

    /// Of each flow, the parts that no case reached. Flows that are fully covered are left out.
    package var gaps: [(flow: String, gaps: [String])] {
        flows.map { ($0.name, $0.coverage.gaps($0.suite.plan)) }.filter { !$0.1.isEmpty }
    }

    /// For people: one line for each case, followed by its messages if it failed; then what no case covers, and a summary.
    package var text: String {
        var lines: [String] = []
        for file in files {
            for item in file.cases {
                lines.append("\(item.messages.isEmpty ? "ok    " : "FAILED") \(file.name): \(item.name)")
                lines += item.messages.map { "           \($0)" }
            }
        }
        for (flow, gaps) in gaps {
            lines.append("not covered in \(flow):")
            lines += gaps.map { "           \($0)" }
        }
        let (cases, failures) = counts
        lines.append("\(cases) \(cases == 1 ? "case" : "cases"), \(failures) failed")
        return lines.joined(separator: "\n")
    }

    /// For programs: `{"cases": [{"file", "name", "ok", "messages", "duration"}], "notCovered": [{"flow", "gaps"}]}`.
    package var json: JSON {
        let cases = files.flatMap { file in
            file.cases.map { item -> JSON in
                [
                    "file": .string(file.name), "name": .string(item.name), "ok": .bool(item.messages.isEmpty),
                    "messages": .array(item.messages.map { .string($0) }),
                    "duration": .optional(item.duration) { .string($0.text) },
                ]
            }
        }
        let notCovered = gaps.map { flow, gaps -> JSON in
            ["flow": .string(flow), "gaps": .array(gaps.map { .string($0) })]
        }
        return ["cases": .array(cases), "notCovered": .array(notCovered)]
    }
}
