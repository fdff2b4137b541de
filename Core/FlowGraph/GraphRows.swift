/// The orders within layers.
struct GraphRows {
    /// What takes a place in a layer: a step, or the way of its arrows through the layer.
    struct Item: Hashable {
        var step: Int
        var layer: Int
        var isStep: Bool
    }

    /// By layers, from above.
    private(set) var layers: [[Item]] = []
    /// By items, those of the layer before that lead to them, and of the next one that they lead to.
    private var before: [Item: [Item]] = [:]
    private var after: [Item: [Item]] = [:]

    init(_ dependencies: [[Int]], _ layerOf: [Int]) {
        let count = (layerOf.max() ?? -1) + 1
        layers = Array(repeating: [], count: count)
        var last = layerOf
        for (step, needed) in dependencies.enumerated() {
            for dependency in needed { last[dependency] = max(last[dependency], layerOf[step]) }
        }
        // Arrows of one step share their way, so that there are at most as many ways as steps.
        for step in dependencies.indices {
            layers[layerOf[step]].append(Item(step: step, layer: layerOf[step], isStep: true))
            for layer in (layerOf[step] + 1)..<max(last[step], layerOf[step] + 1) {
                let item = Item(step: step, layer: layer, isStep: false)
                layers[layer].append(item)
                link(Item(step: step, layer: layer - 1, isStep: layer - 1 == layerOf[step]), item)
            }
        }
        for (step, needed) in dependencies.enumerated() {
            for dependency in needed {
                let layer = layerOf[step] - 1
                link(
                    Item(step: dependency, layer: layer, isStep: layer == layerOf[dependency]),
                    Item(step: step, layer: layerOf[step], isStep: true))
            }
        }
    }

    private mutating func link(_ left: Item, _ right: Item) {
        before[right, default: []].append(left)
        after[left, default: []].append(right)
    }

    private static let sweeps = 4

    /// To the right by what is before, and back by what is after, a few times.
    mutating func sort() {
        for _ in 0..<GraphRows.sweeps {
            for layer in layers.indices.dropFirst() { sort(layer, by: layers[layer - 1], before) }
            for layer in layers.indices.dropLast().reversed() { sort(layer, by: layers[layer + 1], after) }
        }
    }

    private mutating func sort(_ layer: Int, by others: [Item], _ links: [Item: [Item]]) {
        let places = Dictionary(uniqueKeysWithValues: others.enumerated().map { ($1, $0) })
        let keys = layers[layer].enumerated().map { place, item -> (Double, Int, Item) in
            let linked = (links[item] ?? []).compactMap { places[$0] }
            let middle = linked.isEmpty ? Double(place) : Double(linked.reduce(0, +)) / Double(linked.count)
            return (middle, place, item)
        }
        layers[layer] = keys.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
    }
}
