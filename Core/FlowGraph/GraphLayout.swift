/// Where the steps of a graph go: in layers from left to right, each step right of all that it waits for.
///
/// After Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures", IEEE
/// Transactions on Systems, Man, and Cybernetics, 1981: layers by the longest path; a way through each layer between a
/// step and those that wait for it further right, so that no arrow runs through a box; orders within layers by the
/// middle of the neighbours.
package struct GraphLayout: Sendable {
    /// A rectangle, in pixels.
    package struct Box: Hashable, Sendable {
        package var x: Int
        package var y: Int
        package var width: Int
        package var height: Int
    }

    /// An arrow: the points that it runs through, from left to right.
    package struct Arrow: Hashable, Sendable {
        package var from: Int
        package var to: Int
        package var points: [Point]
    }

    /// In pixels from the upper left corner.
    package struct Point: Hashable, Sendable {
        package var x: Int
        package var y: Int
    }

    /// By steps, from 0.
    package private(set) var layers: [Int]
    /// By steps.
    package private(set) var boxes: [Box]
    /// By the step that waits, then by the one that it waits for.
    package private(set) var arrows: [Arrow] = []
    /// Of the drawing.
    package private(set) var width = 0
    package private(set) var height = 0

    private static let gapX = 56, gapY = 22, margin = 24
    /// How much room an arrow takes that runs through a layer.
    private static let laneHeight = 10

    /// Lays out a graph without circles.
    ///
    /// - Parameters:
    ///   - dependencies: by steps, the places of those that they wait for.
    ///   - sizes: by steps, in pixels.
    ///   - top: how much room is left above, in pixels.
    package init(dependencies: [[Int]], sizes: [(width: Int, height: Int)], top: Int = 0) {
        layers = GraphLayout.layers(dependencies)
        var rows = GraphRows(dependencies, layers)
        rows.sort()
        boxes = sizes.map { Box(x: 0, y: 0, width: $0.width, height: $0.height) }
        let heights = rows.layers.map { layer in
            layer.reduce(-GraphLayout.gapY) { $0 + size($1) + GraphLayout.gapY }
        }
        let tallest = heights.max() ?? 0
        var lanes: [GraphRows.Item: Box] = [:]
        var x = GraphLayout.margin
        for (layer, items) in rows.layers.enumerated() {
            let column = items.reduce(0) { max($0, $1.isStep ? boxes[$1.step].width : 0) }
            var y = top + GraphLayout.margin + (tallest - heights[layer]) / 2
            for item in items {
                let height = size(item)
                if item.isStep {
                    boxes[item.step].x = x + (column - boxes[item.step].width) / 2
                    boxes[item.step].y = y
                } else {
                    lanes[item] = Box(x: x, y: y, width: column, height: height)
                }
                y += height + GraphLayout.gapY
            }
            x += column + GraphLayout.gapX
        }
        width = max(x - GraphLayout.gapX, GraphLayout.margin) + GraphLayout.margin
        height = top + tallest + 2 * GraphLayout.margin
        for (step, needed) in dependencies.enumerated() {
            for dependency in needed { arrows.append(arrow(from: dependency, to: step, lanes)) }
        }
    }

    private func size(_ item: GraphRows.Item) -> Int { item.isStep ? boxes[item.step].height : GraphLayout.laneHeight }

    private func arrow(from: Int, to: Int, _ lanes: [GraphRows.Item: Box]) -> Arrow {
        let (start, end) = (boxes[from], boxes[to])
        var points = [Point(x: start.x + start.width, y: start.y + start.height / 2)]
        for layer in (layers[from] + 1)..<max(layers[to], layers[from] + 1) {
            guard let lane = lanes[GraphRows.Item(step: from, layer: layer, isStep: false)] else { continue }
            let y = lane.y + lane.height / 2
            points += [Point(x: lane.x, y: y), Point(x: lane.x + lane.width, y: y)]
        }
        points.append(Point(x: end.x, y: end.y + end.height / 2))
        return Arrow(from: from, to: to, points: points)
    }

    /// The longest way from a step that waits for none.
    private static func layers(_ dependencies: [[Int]]) -> [Int] {
        var layers = Array(repeating: 0, count: dependencies.count)
        // Each round settles at least one more layer; more rounds than steps are only needed where there is a circle.
        for _ in dependencies.indices {
            var isSettled = true
            for (step, needed) in dependencies.enumerated() {
                let layer = needed.reduce(0) { max($0, layers[$1] + 1) }
                if layer > layers[step] { (layers[step], isSettled) = (layer, false) }
            }
            if isSettled { break }
        }
        return layers
    }
}
