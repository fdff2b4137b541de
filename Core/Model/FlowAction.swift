/// Starting an execution of a flow, as a schedule stores it.
package struct FlowAction: Hashable, Sendable {
    package var name: FlowName
    /// Nil: the version that is current when it starts.
    package var version: Int?
    /// JSON text of an object, ready to be sent; checked against the flow when it starts.
    package var input: [UInt8]

    /// For parts that have been checked before; `init(_:)` checks.
    package init(name: FlowName, version: Int? = nil, input: [UInt8] = Array("{}".utf8)) {
        self.name = name
        self.version = version
        self.input = input
    }

    /// In bytes of JSON text: 64 KiB.
    package static let longestInput = 65_536

    /// Reads `{"name", "version", "input"}`, of which `name` is required; nil if there is a mistake.
    package init?(_ fields: inout JSONFields) {
        let name = fields.required("name", .name(.flow, "a flow's name"))
        let version = fields.optional("version", .integer(1...1_000_000_000))
        let type = FieldType<[UInt8]>(
            "an object with the flow's inputs, at most \(FlowAction.longestInput) bytes", schema: ["type": "object"]
        ) { value in
            guard value.members != nil else { return nil }
            let bytes = value.serialized
            return bytes.count <= FlowAction.longestInput ? bytes : nil
        }
        let input = fields.optional("input", type)
        guard fields.errors.isEmpty, let name else { return nil }
        self.init(name: FlowName(checked: name), version: version, input: input ?? Array("{}".utf8))
    }

    /// The document that `init(_:)` reads, with all defaults filled in.
    package var json: JSON {
        var members = [JSON.Member("name", .string("\(name)"))]
        if let version { members.append(JSON.Member("version", .integer(version))) }
        // The input was serialized from JSON and normally parses; a damaged one is shown as text.
        members.append(
            JSON.Member("input", (try? JSON(parsing: input)) ?? .string(String(decoding: input, as: UTF8.self))))
        return .object(members)
    }

    private static let formatVersion: UInt64 = 1

    /// Writes a version, then the fields in order.
    package func encode(into writer: inout ByteWriter) {
        writer.write(unsigned: FlowAction.formatVersion)
        writer.write(name.description)
        writer.write(optional: version) { $0.write($1) }
        writer.write(bytes: input)
    }

    /// Reads what `encode` wrote.
    package init(from reader: inout ByteReader) throws(ByteReader.Failure) {
        let version = try reader.unsigned()
        guard version == FlowAction.formatVersion else {
            let expected = "version \(FlowAction.formatVersion) of a flow action"
            throw version > FlowAction.formatVersion ? reader.laterVersion(expected) : reader.failure(expected)
        }
        name = FlowName(checked: try reader.text())
        self.version = try reader.optional { reader throws(ByteReader.Failure) in try reader.int() }
        input = Array(try reader.byteString())
    }
}
