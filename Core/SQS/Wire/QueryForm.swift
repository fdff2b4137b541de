import Model

/// The parameters of the query protocol, as a tree of the parts of their names: `Attribute.1.Name`.
struct QueryForm {
    /// A parameter, or the parameters whose names go on from here.
    struct Node {
        var value: String?
        var children: [String: Node] = [:]
        subscript(name: String) -> Node? { children[name] }
    }

    private(set) var root = Node()
    private var count = 0

    /// More than any request can use: a batch of ten messages of ten attributes each.
    private static let most = 2_000

    /// Adds `name=value` pairs of a query or an `application/x-www-form-urlencoded` body.
    mutating func add(_ text: some Collection<UInt8>) throws(SQSError) {
        // Split no further than is needed: four megabytes may be two million parameters.
        for pair in text.split(separator: UInt8(ascii: "&"), maxSplits: QueryForm.most) {
            count += 1
            guard count <= QueryForm.most else {
                throw .invalid("The request has more than \(QueryForm.most) parameters.")
            }
            let sides = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = QueryForm.decode(sides[0]), let value = sides.count == 2 ? QueryForm.decode(sides[1]) : ""
            else { throw SQSError("MalformedQueryString", "The query string contains a syntax error or is not UTF-8.") }
            let parts = name.split(separator: ".", maxSplits: 12, omittingEmptySubsequences: false).map(String.init)
            guard parts.count <= 12 else { continue }
            QueryForm.insert(parts[...], value, &root)
        }
    }

    private static func insert(_ parts: ArraySlice<String>, _ value: String, _ node: inout Node) {
        guard let first = parts.first else {
            node.value = value
            return
        }
        insert(parts.dropFirst(), value, &node.children[first, default: Node()])
    }

    /// Percent-decoding with `+` as a blank; nil: it is not UTF-8, or an escape is cut.
    private static func decode(_ text: some Collection<UInt8>) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(32)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst()?.hexadecimalValue, let low = rest.popFirst()?.hexadecimalValue else {
                    return nil
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit of either case.
    var hexadecimalValue: UInt8? {
        switch self {
        case 48...57: self - 48
        case 65...70: self - 55
        case 97...102: self - 87
        default: nil
        }
    }
}

extension QueryForm.Node {
    /// The members of a structure, as in AWS JSON.
    func structure(_ members: [WireMember]) throws(SQSError) -> JSON {
        var found: [JSON.Member] = []
        for member in members {
            // Both `AttributeName.1` and `AttributeNames.1`, `AttributeNames.member.1`, `Attributes.entry.1.key`.
            for name in member.queryName == member.name ? [member.name] : [member.queryName, member.name] {
                guard let node = self[name], let value = try node.value(member.shape, member.name) else { continue }
                found.append(.init(member.name, value))
                break
            }
        }
        return .object(found)
    }

    private func value(_ shape: WireShape, _ name: String) throws(SQSError) -> JSON? {
        switch shape {
        case .string, .blob: return value.map { .string($0) }
        case .boolean: return value.map { .bool($0.lowercased() == "true") }
        case .integer:
            guard let value else { return nil }
            guard let number = Int(value) else { throw .invalid(value, for: name, "Must be an integer.") }
            return .integer(number)
        case .structure(let members): return children.isEmpty ? nil : try structure(members)
        case .list(let element):
            var elements: [JSON] = []
            for node in numbered {
                if let value = try node.value(element, name) { elements.append(value) }
            }
            // `TagKey=x` without a number is taken for a list of one, and `TagKey=` for an empty one.
            if elements.isEmpty, value?.isEmpty == false, let only = try self.value(element, name) {
                elements.append(only)
            }
            return elements.isEmpty ? nil : .array(elements)
        case .map(let element, let key, let value):
            var members: [JSON.Member] = []
            for node in numbered {
                guard let name = (node[key] ?? node["key"])?.value, !members.contains(where: { $0.name == name })
                else { continue }
                let content = node[value] ?? node["value"]
                // An attribute's fields may stand beside its name.
                if let read = try (content ?? node).value(element, name) {
                    members.append(.init(name, read))
                } else if element.isText {
                    members.append(.init(name, .string("")))
                }
            }
            return members.isEmpty ? nil : .object(members)
        }
    }

    /// The children with numbers, in their order.
    private var numbered: [QueryForm.Node] {
        let holder = self["member"] ?? self["entry"] ?? self
        return holder.children.compactMap { name, node in Int(name).map { ($0, node) } }.sorted { $0.0 < $1.0 }
            .map(\.1)
    }
}

extension WireShape {
    fileprivate var isText: Bool { if case .string = self { true } else { false } }
}
