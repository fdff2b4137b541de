import Flows
import Model

/// The bodies of calls about flows.
extension Bodies {
    struct Start {
        var id: ExecutionID?
        var version: Int?
        var input: JSON
    }

    static func start(_ fields: inout JSONFields) -> Start {
        let id = FieldType<ExecutionID>(
            "a UUID of the caller's choice: the same id is the same execution",
            schema: ["type": "string", "format": "uuid"]
        ) { $0.text.flatMap { ExecutionID($0) } }
        let input = FieldType<JSON>(
            "an object with the flow's inputs, at most \(FlowInputs.longest) bytes", schema: ["type": "object"]
        ) { $0.members == nil ? nil : $0 }
        return Start(
            id: fields.optional("id", id), version: fields.optional("version", .integer(1...1_000_000_000)),
            input: fields.optional("input", input) ?? .object([]))
    }

    static func retry(_ fields: inout JSONFields) -> String? {
        let step = fields.optional("fromStep", .text(1...63, "the name of the step to begin with"))
        for name in ["version", "dryRun"] where !fields.isDescribing && fields.raw(name) != nil {
            fields.fail(name, "retrying with another version is not supported yet")
        }
        return step
    }

    /// Members whose values the flows' own checks describe better than a schema can.
    static let flowSchemas: [JSON.Member] = [
        .init(
            "FlowDocument",
            [
                "type": "object", "required": ["steps"], "additionalProperties": false,
                "properties": [
                    "inputs": ["type": "object"],
                    "steps": ["type": "object", "minProperties": 1, "maxProperties": 200],
                    "outputs": ["type": "object"],
                    "timeout": ["type": "string"],
                ],
            ]),
        // What is wrong with it is the answer.
        .init("FlowToCheck", ["type": "object"]),
        .init(
            "BindingDocument",
            [
                "type": "object", "required": ["request"], "additionalProperties": false,
                "properties": [
                    "request": ["type": "object"], "cancel": ["type": "object"],
                    "completion": ["type": "string", "enum": ["response", "callback"]],
                    "outputs": ["type": "object"],
                    "accepted": ["type": "array", "items": ["type": "integer", "minimum": 100, "maximum": 599]],
                    "timeout": ["type": "string"], "startTimeout": ["type": "string"],
                    "heartbeatTimeout": ["type": "string"], "retry": ["type": "object"],
                ],
            ]),
        .init(
            "Report",
            [
                "type": "object", "required": ["status"],
                "properties": [
                    "status": ["type": "string", "enum": ["running", "progress", "succeeded", "failed"]],
                    "outputs": ["type": "object"], "metrics": ["type": "object"],
                    "error": [
                        "type": "object",
                        "properties": [
                            "class": ["type": "string", "enum": ["user", "platform", "timeout"]],
                            "message": ["type": "string"],
                        ],
                    ],
                ],
            ]),
        .init("Start", JSONFields.schema { _ = start(&$0) }),
        .init("RetryExecution", JSONFields.schema { _ = retry(&$0) }),
    ]
}
