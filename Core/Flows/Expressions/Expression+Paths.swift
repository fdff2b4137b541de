extension Expression {
    /// A path with the part of the condition that it is.
    struct PlacedPath {
        var path: ExpressionPath
        var node: Node
    }

    /// The longest paths whose values the condition reads; each once, in the order of the text.
    var paths: [PlacedPath] { paths(isRead: true) }

    /// The paths that stand in `has(…)`; each once, in the order of the text.
    var askedPaths: [PlacedPath] { paths(isRead: false) }

    private func paths(isRead: Bool) -> [PlacedPath] {
        var found: [PlacedPath] = []
        var known: Set<ExpressionPath> = []
        func add(_ node: Node) -> Bool {
            guard let path = ExpressionPath(node) else { return false }
            if known.insert(path).inserted { found.append(PlacedPath(path: path, node: node)) }
            return true
        }
        func visit(_ node: Node) {
            if case .has(let operand, let name) = node.content {
                visitAsked(Node(column: node.column, content: .field(operand, name)))
            } else if !(isRead && add(node)) {
                for child in Expression.children(of: node) { visit(child) }
            }
        }
        // In has(a[b].c) the value of b is read.
        func visitAsked(_ node: Node) {
            if ExpressionPath(node) != nil {
                if !isRead { _ = add(node) }
                return
            }
            switch node.content {
            case .field(let operand, _): visitAsked(operand)
            case .element(let operand, let index):
                visitAsked(operand)
                visit(index)
            default: visit(node)
            }
        }
        visit(root)
        return found
    }

    /// Paths that the condition can only hold with: those of a `has(…)` that is one of its conjuncts.
    var guarded: Set<ExpressionPath> {
        var guarded: Set<ExpressionPath> = []
        func visit(_ node: Node) {
            switch node.content {
            case .and(let left, let right):
                visit(left)
                visit(right)
            case .has(let operand, let name):
                if let path = ExpressionPath(operand) { guarded.insert(path.field(name)) }
            default: break
            }
        }
        visit(root)
        return guarded
    }

    static func children(of node: Node) -> [Node] { children(of: node.content) }

    static func children(of content: Content) -> [Node] {
        switch content {
        case .literal, .name: []
        case .list(let nodes): nodes
        case .field(let operand, _), .has(let operand, _), .size(let operand), .not(let operand),
            .negative(let operand):
            [operand]
        case .element(let left, let right), .and(let left, let right), .or(let left, let right),
            .binary(_, let left, let right):
            [left, right]
        case .choice(let condition, let first, let second): [condition, first, second]
        }
    }
}

extension Expression.Node {
    /// The column where its text begins, parentheses apart.
    var start: Int {
        switch content {
        case .field(let operand, _), .element(let operand, _), .binary(_, let operand, _), .and(let operand, _),
            .or(let operand, _), .choice(let operand, _, _):
            operand.start
        case .size(let operand): min(column, operand.start)
        default: column
        }
    }
}
