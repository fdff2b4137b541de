package import Model

extension FlowDefinition {
    /// The JSON Schema (2020-12) of definitions, for editors: fields, their bounds, and what each of Headgate's types of
    /// step is given.
    ///
    /// What a schema cannot say, such as the type of what a reference names, is only found by `FlowChecker`.
    package static let schema: JSON = [
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A flow of Headgate", "type": "object",
        "properties": [
            "inputs": object(named: "#/$defs/name", of: ["$ref": "#/$defs/input"]),
            "steps": object(
                named: "#/$defs/name", of: ["$ref": "#/$defs/step"],
                [
                    .init("minProperties", 1), .init("maxProperties", .integer(mostSteps)),
                ]),
            "outputs": ["type": ["object", "null"]],
            "timeout": timeout.nullable,
            "onFailure": nullable([
                "type": "object", "properties": ["flow": ["type": "string"]], "required": ["flow"],
                "additionalProperties": false,
            ]),
        ],
        "required": ["steps"], "additionalProperties": false,
        "$defs": .object([
            .init(
                "name",
                [
                    "type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]{0,62}$", "not": ["enum": ["inputs", "item"]],
                ]),
            .init("reference", ["type": "string", "pattern": "\\$\\{"]), .init("type", typeSchema),
            .init("input", input), .init("retry", JSONFields.schema { _ = RetryPolicy(&$0) }), .init("step", step),
        ]),
    ]

    private static var timeout: JSON { FieldType.flowDuration(.seconds(1)...longest).schema }

    private static func nullable(_ schema: JSON) -> JSON { ["anyOf": [schema, ["type": "null"]]] }

    private static func object(named name: String, of element: JSON, _ more: [JSON.Member] = []) -> JSON {
        .object(
            [
                .init("type", more.isEmpty ? ["object", "null"] : "object"),
                .init("propertyNames", ["$ref": .string(name)]), .init("additionalProperties", element),
            ] + more)
    }

    /// Lists and maps of one another, to any depth.
    private static var typeSchema: JSON {
        let names = FlowType.simpleNames.joined(separator: "|")
        return [
            "type": "string", "description": .string("one of \(FlowType.names)"),
            "pattern": .string("^((list|map)<)*(\(names))>*$"),
        ]
    }

    private static var input: JSON {
        [
            "anyOf": [
                ["$ref": "#/$defs/type"],
                [
                    "type": "object",
                    "properties": [
                        "type": ["$ref": "#/$defs/type"], "default": [:], "optional": ["type": ["boolean", "null"]],
                        "secret": ["type": ["boolean", "null"]],
                    ],
                    "required": ["type"], "additionalProperties": false,
                ],
            ]
        ]
    }

    // MARK: Steps

    private static var step: JSON {
        [
            "type": "object",
            "properties": [
                "type": ["enum": .array(StepContract.builtIn.map { .string($0.name) })],
                "with": ["type": ["object", "null"]],
                "when": FieldType.text(1...Expression.longestText, "a condition").schema.nullable,
                "after": ["type": ["array", "null"], "items": ["type": "string"]],
                "onError": ["enum": .array(FlowStep.OnError.allCases.map { .string($0.rawValue) } + [.null])],
                "retry": nullable(["$ref": "#/$defs/retry"]), "timeout": timeout.nullable,
                "totalTimeout": timeout.nullable, "startTimeout": timeout.nullable,
                "heartbeatTimeout": timeout.nullable,
            ],
            "required": ["type"], "additionalProperties": false,
            "allOf": .array(
                StepContract.builtIn.map { contract in
                    [
                        "if": ["properties": ["type": ["const": .string(contract.name)]], "required": ["type"]],
                        "then": then(contract),
                    ]
                }),
        ]
    }

    private static func then(_ contract: StepContract) -> JSON {
        let inputs = contract.inputs.sorted { $0.key < $1.key }
        var with: [JSON.Member] = [
            .init("properties", .object(inputs.map { .init($0.key, $0.value.type.templateSchema) }))
        ]
        let required = inputs.filter { !$0.value.isOptional }.map { JSON.string($0.key) }
        if !required.isEmpty { with += [.init("type", "object"), .init("required", .array(required))] }
        if !contract.takesParameters { with.append(.init("additionalProperties", false)) }
        var then: [JSON.Member] = []
        if contract.name == "wait" {
            with += [.init("type", "object"), .init("oneOf", [["required": ["for"]], ["required": ["until"]]])]
        }
        if contract.name == "wait" || !required.isEmpty { then.append(.init("required", ["with"])) }
        then.append(.init("properties", ["with": .object(with)]))
        return .object(then)
    }
}

extension FlowType {
    /// What may stand where a value of the type is expected: such a value, or text with a reference in it.
    fileprivate var templateSchema: JSON {
        let reference: JSON = ["$ref": "#/$defs/reference"]
        switch self {
        case .json: return true
        // Text may have references in it, or not.
        case .string: return ["type": "string", "description": "a string"]
        case .integer: return either(["type": "integer"], reference)
        case .number: return either(["type": "number"], reference)
        case .boolean: return either(["type": "boolean"], reference)
        case .duration:
            return ["type": "string", "description": "a duration such as \"90s\", or a reference"]
        case .timestamp:
            return either(["type": "string", "format": "date-time"], reference)
        case .metricSet:
            return either(["type": "object", "additionalProperties": FlowType.number.templateSchema], reference)
        case .list(let element): return either(["type": "array", "items": element.templateSchema], reference)
        case .map(let element):
            return either(["type": "object", "additionalProperties": element.templateSchema], reference)
        case .lifecycle:
            let fields = ["uri", "digest", "size", "mediaType"]
            return either(
                [
                    "type": "object",
                    "properties": .object(fields.map { .init($0, field($0)?.templateSchema ?? true) }),
                    "required": ["uri"], "additionalProperties": false,
                ], reference)
        }
    }

    private func either(_ schema: JSON, _ other: JSON) -> JSON {
        ["description": .string("a \(self), or a reference"), "anyOf": [schema, other]]
    }
}
