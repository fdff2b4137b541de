import Model

/// A graph as SVG.
struct GraphDrawing {
    private let graph: FlowGraph
    private let layout: GraphLayout
    private let legend: [String]

    private static let lineHeight = 17, padding = 12, titleHeight = 34, legendHeight = 34
    /// In pixels, of a character of the largest font; names are ASCII.
    private static let characterWidth = 8
    /// In characters.
    private static let longestLine = 34

    init(_ graph: FlowGraph) {
        self.graph = graph
        layout = GraphLayout(
            dependencies: graph.steps.map(\.dependencies), sizes: graph.steps.map { GraphDrawing.size($0) },
            top: GraphDrawing.titleHeight)
        let states = Set(graph.steps.compactMap(\.status?.state))
        // In the order of a step's life; what a later version may have, last.
        legend =
            StateColor.order.filter { states.contains($0) }
            + states.subtracting(StateColor.order).sorted()
    }

    // MARK: Text

    /// The lines of a box, each with its class.
    private static func lines(_ step: FlowGraph.Step) -> [(text: String, style: String)] {
        var lines = [(cut(step.name), "name"), (cut(step.type), "type")]
        if let when = step.when { lines.append((cut("when \(when)"), "when")) }
        if let status = step.status {
            let attempt = status.attempt > 0 ? ", attempt \(status.attempt)" : ""
            lines.append((cut("\(status.state)\(attempt)"), "state"))
        }
        return lines
    }

    private static func cut(_ text: String) -> String {
        text.count <= longestLine ? text : text.prefix(longestLine - 1) + "…"
    }

    private static func size(_ step: FlowGraph.Step) -> (width: Int, height: Int) {
        let lines = lines(step)
        let longest = lines.reduce(8) { max($0, $1.text.count) }
        return (longest * characterWidth + 2 * padding, lines.count * lineHeight + padding)
    }

    // MARK: The document

    var document: String {
        let legendWidth = legend.reduce(24) { $0 + GraphDrawing.legendItemWidth($1) }
        let titleWidth = graph.title.count * 10 + 48
        let width = max(layout.width, legendWidth, titleWidth)
        let height = layout.height + (legend.isEmpty ? 0 : GraphDrawing.legendHeight)
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" role="img">
            """,
            "<title>\(graph.title.escapedForXML)</title>", GraphDrawing.style,
            """
            <defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">\
            <path d="M0 0L8 4L0 8z" fill="#57606a"/></marker></defs>
            """,
            "<rect width=\"\(width)\" height=\"\(height)\" fill=\"#ffffff\"/>",
            "<text class=\"title\" x=\"24\" y=\"32\">\(graph.title.escapedForXML)</text>",
        ]
        lines += layout.arrows.map(arrow)
        for (step, box) in zip(graph.steps, layout.boxes) { lines += drawing(step, box) }
        lines += legendLines
        lines.append("</svg>")
        return lines.joined(separator: "\n") + "\n"
    }

    private static let style = """
        <style>
        text { font-family: system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: #1f2328; font-size: 12px }
        .title { font-size: 17px; font-weight: 600 }
        .name { font-size: 14px; font-weight: 600 }
        .type { fill: #57606a }
        .when { font-style: italic; font-size: 11px }
        .arrow { fill: none; stroke: #57606a; stroke-width: 1.2 }
        .box { stroke: #57606a; stroke-width: 1.2 }
        </style>
        """

    /// Curves between the points, level in each of them.
    private func arrow(_ arrow: GraphLayout.Arrow) -> String {
        var path = "M\(arrow.points[0].x) \(arrow.points[0].y)"
        for (from, to) in zip(arrow.points, arrow.points.dropFirst()) {
            if from.y == to.y {
                path += "L\(to.x) \(to.y)"
            } else {
                let middle = (from.x + to.x) / 2
                path += "C\(middle) \(from.y) \(middle) \(to.y) \(to.x) \(to.y)"
            }
        }
        return "<path class=\"arrow\" d=\"\(path)\" marker-end=\"url(#arrow)\"/>"
    }

    private func drawing(_ step: FlowGraph.Step, _ box: GraphLayout.Box) -> [String] {
        let fill = step.status.map { StateColor.fill($0.state) } ?? "#f6f8fa"
        // What is cut in the box is whole in what a pointer shows.
        let whole = [step.name, step.type, step.when.map { "when \($0)" }].compactMap { $0 }.joined(separator: "\n")
        var lines = [
            "<g><title>\(whole.escapedForXML)</title>",
            """
            <rect class="box" x="\(box.x)" y="\(box.y)" width="\(box.width)" height="\(box.height)" rx="6" fill="\(fill)"\
            \(step.when == nil ? "" : " stroke-dasharray=\"5 3\"")/>
            """,
        ]
        for (index, line) in GraphDrawing.lines(step).enumerated() {
            let (x, y) = (box.x + GraphDrawing.padding, box.y + GraphDrawing.lineHeight * (index + 1) + 2)
            lines.append("<text class=\"\(line.style)\" x=\"\(x)\" y=\"\(y)\">\(line.text.escapedForXML)</text>")
        }
        return lines + ["</g>"]
    }

    private static func legendItemWidth(_ state: String) -> Int { state.count * characterWidth + 40 }

    private var legendLines: [String] {
        var x = 24
        return legend.flatMap { state -> [String] in
            defer { x += GraphDrawing.legendItemWidth(state) }
            let y = layout.height
            return [
                "<rect class=\"box\" x=\"\(x)\" y=\"\(y)\" width=\"16\" height=\"16\" rx=\"3\" fill=\"\(StateColor.fill(state))\"/>",
                "<text x=\"\(x + 22)\" y=\"\(y + 12)\">\(state.escapedForXML)</text>",
            ]
        }
    }
}

/// The colours of steps by their states: light ones, on which black text can be read.
private enum StateColor {
    private static let fills: [(state: String, fill: String)] = [
        ("waiting", "#f6f8fa"), ("ready", "#ddf4ff"), ("running", "#b6e3ff"), ("backoff", "#ffe8b3"),
        ("sleeping", "#e5dbff"), ("cancelling", "#ffd8b5"), ("succeeded", "#c6f0cf"), ("skipped", "#e4e7eb"),
        ("failed", "#ffc9c7"), ("cancelled", "#f3d9c4"), ("notRun", "#ffffff"),
    ]

    static var order: [String] { fills.map(\.state) }

    static func fill(_ state: String) -> String { fills.first { $0.state == state }?.fill ?? "#ffffff" }
}
