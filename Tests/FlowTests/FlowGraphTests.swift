import FlowGraph
import Flows
import Foundation
import Model
import TestRandom
import Testing

struct FlowGraphTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// A random graph in which steps wait for earlier ones.
    private func randomLayout(seed: Int) -> (dependencies: [[Int]], layout: GraphLayout) {
        var random = SeededGenerator(seed: UInt64(seed))
        let count = seed % 10 == 0 ? 200 : Int.random(in: 1...40, using: &random)
        let dependencies = (0..<count).map { step -> [Int] in
            (0..<step).filter { _ in Int.random(in: 0..<max(4, step), using: &random) < 2 }
        }
        let sizes = dependencies.map { _ in
            (width: Int.random(in: 60...300, using: &random), height: Int.random(in: 40...80, using: &random))
        }
        return (dependencies, GraphLayout(dependencies: dependencies, sizes: sizes, top: 30))
    }

    @Test(arguments: 0..<60)
    func `a step is right of all that it waits for, and as far left as that allows`(seed: Int) {
        let (dependencies, layout) = randomLayout(seed: seed)
        for (step, needed) in dependencies.enumerated() {
            #expect(layout.layers[step] == (needed.map { layout.layers[$0] + 1 }.max() ?? 0), "seed \(seed)")
            for dependency in needed {
                let (left, right) = (layout.boxes[dependency], layout.boxes[step])
                #expect(left.x + left.width < right.x, "seed \(seed): \(dependency) and \(step)")
            }
        }
    }

    @Test(arguments: 0..<60)
    func `no two boxes overlap, and all are within the drawing`(seed: Int) {
        let (_, layout) = randomLayout(seed: seed)
        for (index, box) in layout.boxes.enumerated() {
            #expect(box.x >= 0 && box.y >= 30, "seed \(seed)")
            #expect(box.x + box.width <= layout.width && box.y + box.height <= layout.height, "seed \(seed)")
            for other in layout.boxes[..<index] {
                let isApart =
                    box.x + box.width <= other.x || other.x + other.width <= box.x || box.y + box.height <= other.y
                    || other.y + other.height <= box.y
                #expect(isApart, "seed \(seed): \(box) and \(other)")
            }
        }
    }

    @Test(arguments: 0..<30)
    func `an arrow leads from box to box, and is level where it passes a layer`(seed: Int) {
        let (dependencies, layout) = randomLayout(seed: seed)
        #expect(layout.arrows.count == dependencies.reduce(0) { $0 + $1.count })
        for arrow in layout.arrows {
            let (from, to) = (layout.boxes[arrow.from], layout.boxes[arrow.to])
            let (first, last) = (arrow.points[0], arrow.points[arrow.points.count - 1])
            #expect((first.x, first.y) == (from.x + from.width, from.y + from.height / 2))
            #expect((last.x, last.y) == (to.x, to.y + to.height / 2))
            for (left, right) in zip(arrow.points, arrow.points.dropFirst()) { #expect(left.x <= right.x) }
            for pair in stride(from: 1, to: arrow.points.count - 1, by: 2) {
                let (enter, leave) = (arrow.points[pair], arrow.points[pair + 1])
                #expect(enter.y == leave.y)
                for box in layout.boxes where box.x >= enter.x && box.x + box.width <= leave.x {
                    #expect(enter.y <= box.y || enter.y >= box.y + box.height, "seed \(seed): through a box")
                }
            }
        }
    }

    private func churn() throws -> FlowDefinition {
        let file = FlowGraphTests.root.appending(path: "local-runner/examples/churn/flow.json")
        return try FlowDefinition(FlowCaseTests.document(file))
    }

    @Test func `the churn flow is drawn as it was`() throws {
        let svg = FlowGraph(try churn(), title: "churn").svg
        let file = FlowGraphTests.root.appending(path: "Tests/Flows/churn.svg")
        #expect(svg == (try String(contentsOf: file, encoding: .utf8)), "headgate flow graph writes it anew")
        #expect(XMLReader(svg).isValid)
    }

    @Test func `texts are escaped, and long ones cut`() throws {
        let definition = try FlowDefinition([
            "inputs": ["level": "integer"],
            "steps": [
                "a": [
                    "type": "http", "with": ["url": "https://a.b/"],
                    "when": "inputs.level < 3 && inputs.level > 1 || \"<\" == \"]]>'\"",
                ]
            ],
        ])
        let svg = FlowGraph(definition, title: "a<b>&\"c\"\u{0}").svg
        #expect(XMLReader(svg).isValid)
        #expect(svg.contains("<title>a&lt;b&gt;&amp;&quot;c&quot;\u{FFFD}</title>"))
        #expect(svg.contains(">when inputs.level &lt; 3 &amp;&amp; inputs.l…</text>"))
        #expect(!svg.contains("http://") || svg.components(separatedBy: "http://").count == 2, "only the namespace")
    }

    @Test func `an execution has colours, attempts and a legend`() throws {
        let statuses: [String: FlowGraph.Status] = [
            "prepare": .init(state: "succeeded", attempt: 1), "train": .init(state: "backoff", attempt: 3),
            "evaluate": .init(state: "waiting", attempt: 0), "register": .init(state: "dreaming", attempt: 0),
        ]
        let svg = FlowGraph(try churn(), title: "churn@1", statuses: statuses).svg
        #expect(XMLReader(svg).isValid)
        #expect(svg.contains(">backoff, attempt 3</text>"))
        #expect(svg.contains(">waiting</text>"))
        // The legend: what there is, in the order of a step's life, unknown states last.
        let legend = svg.components(separatedBy: "rx=\"3\"").dropFirst().compactMap { part in
            part.components(separatedBy: "</text>").first?.components(separatedBy: ">").last
        }
        #expect(legend == ["waiting", "backoff", "succeeded", "dreaming"])
        #expect(svg == FlowGraph(try churn(), title: "churn@1", statuses: statuses).svg)
    }
}
