package import Model

/// The input of an execution: values by name, of which some are sealed.
package struct FlowInputs: Hashable, Sendable {
    /// Values that are no secrets, defaults filled in.
    package var values: [String: ExpressionValue]
    /// Secrets, sealed for this execution.
    package var sealed: [String: [UInt8]]

    /// Inputs of both kinds.
    package init(values: [String: ExpressionValue], sealed: [String: [UInt8]] = [:]) {
        self.values = values
        self.sealed = sealed
    }

    /// In bytes of JSON: 64 KiB for all inputs, and 16 KiB for one.
    package static let longest = 65_536, longestValue = 16_384

    /// Checks what an execution is given against its definition, and seals the secrets; throws all mistakes together.
    package init(
        _ json: JSON, of definition: FlowDefinition, at pointer: String = "",
        seal: (_ name: String, _ value: String) throws(FieldErrors) -> [UInt8]
    ) throws(FieldErrors) {
        guard let members = json.members else {
            throw FieldErrors([FieldError(pointer: pointer, detail: "expected an object, found \(json.kind)")])
        }
        var errors: [FieldError] = []
        values = [:]
        sealed = [:]
        for input in definition.inputs {
            let place = "\(pointer)/\(input.name)"
            guard let value = json[input.name], value != .null || input.type == .json else {
                if let standard = input.standard {
                    values[input.name] = standard
                } else if !input.isOptional {
                    errors.append(FieldError(pointer: place, detail: "is required: \(input.type)"))
                }
                continue
            }
            let texts = value.textMistakes(at: place)
            if !texts.isEmpty {
                errors += texts
            } else if let mistake = input.type.mistake(in: value, at: place) {
                // What was found stays out of the message for secrets.
                errors.append(
                    input.isSecret ? FieldError(pointer: place, detail: "expected \(input.type)") : mistake)
            }
            guard errors.isEmpty else { continue }
            let size = value.serialized.count
            if size > FlowInputs.longestValue {
                let detail = "is \(size) bytes of JSON; at most \(FlowInputs.longestValue) are allowed"
                errors.append(FieldError(pointer: place, detail: detail))
            } else if input.isSecret {
                sealed[input.name] = try seal(input.name, value.description)
            } else {
                values[input.name] = ExpressionValue(value)
            }
        }
        let known = Set(definition.inputs.map(\.name))
        for member in members where !known.contains(member.name) {
            let names = known.isEmpty ? "the flow has none" : "there are \(known.sorted().listed)"
            let detail = "there is no such input; \(names)"
            errors.append(FieldError(pointer: "\(pointer)/\(JSON.pointerToken(member.name))", detail: detail))
        }
        let total = json.serialized.count
        if total > FlowInputs.longest {
            let detail = "is \(total) bytes of JSON; at most \(FlowInputs.longest) are allowed"
            errors.append(FieldError(pointer: pointer, detail: detail))
        }
        guard errors.isEmpty else { throw FieldErrors(errors) }
    }

    /// Gives inputs that are missing their defaults.
    package mutating func fillDefaults(of definition: FlowDefinition) {
        for input in definition.inputs where values[input.name] == nil && sealed[input.name] == nil {
            values[input.name] = input.standard
        }
    }

    private static let version: UInt64 = 1

    /// The stored form: a version, the values as one map, then the secrets by name.
    package var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 256)
        writer.write(raw: plainBytes)
        writer.write(unsigned: UInt64(sealed.count))
        for (name, bytes) in sealed.sorted(by: { $0.key < $1.key }) {
            writer.write(name)
            writer.write(bytes: bytes)
        }
        return writer.bytes
    }

    /// The stored form without the secrets, which are sealed differently each time: equal inputs have equal bytes.
    package var plainBytes: [UInt8] {
        var writer = ByteWriter(capacity: 256)
        writer.write(unsigned: FlowInputs.version)
        ExpressionValue.map(values).encode(into: &writer)
        return writer.bytes
    }

    /// Reads what `encoded` wrote.
    package init(decoding bytes: [UInt8]) throws(ByteReader.Failure) {
        var reader = ByteReader(bytes)
        let version = try reader.unsigned()
        guard version == FlowInputs.version else {
            let expected = "inputs of version \(FlowInputs.version)"
            throw version > FlowInputs.version ? reader.laterVersion(expected) : reader.failure(expected)
        }
        guard case .map(let values) = try ExpressionValue(from: &reader) else { throw reader.failure("a map") }
        self.values = values
        sealed = [:]
        for _ in 0..<(try reader.unsigned()) {
            let name = try reader.text()
            sealed[name] = Array(try reader.byteString())
        }
    }

    /// What the reducer is given: of secrets only that they are there.
    package var forReducer: [String: ExpressionValue] {
        values.merging(sealed.mapValues { _ in .string("***") }) { value, _ in value }
    }

    /// The name under which a secret input is sealed: it opens in no other execution.
    package static func sealName(_ input: String, _ execution: ExecutionID) -> String {
        "input \(input) of \(execution)"
    }
}
