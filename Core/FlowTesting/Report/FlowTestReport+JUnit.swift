import Model

extension FlowTestReport {
    /// As JUnit's XML, the form that systems of continuous integration read: a suite a file, and no times, since those
    /// of a case are virtual.
    package var junit: String {
        let (all, failures) = counts
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<testsuites tests=\"\(all)\" failures=\"\(failures)\">",
        ]
        for file in files {
            let name = file.name.escapedForXML
            let failed = file.cases.count { !$0.messages.isEmpty }
            lines.append("  <testsuite name=\"\(name)\" tests=\"\(file.cases.count)\" failures=\"\(failed)\">")
            for item in file.cases {
                let open = "    <testcase classname=\"\(name)\" name=\"\(item.name.escapedForXML)\""
                guard let first = item.messages.first else {
                    lines.append("\(open)/>")
                    continue
                }
                let text = item.messages.map(\.escapedForXML).joined(separator: "\n")
                lines.append("\(open)>")
                lines.append("      <failure message=\"\(first.escapedForXML)\">\(text)</failure>")
                lines.append("    </testcase>")
            }
            lines.append("  </testsuite>")
        }
        lines.append("</testsuites>")
        return lines.joined(separator: "\n") + "\n"
    }
}
