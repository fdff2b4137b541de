import Model

/// The schemas of answers about flows.
extension Answers {
    private static func page(_ item: String) -> JSON {
        object([.init("items", list(ref(item))), .init("next", string.nullable)])
    }

    static let flowSchemas: [JSON.Member] = [
        .init(
            "Flow",
            object(
                [.init("name", string), .init("version", integer), .init("createdAt", time)],
                [.init("definition", ["type": "object"])])),
        .init("FlowPage", page("Flow")),
        .init("Checked", object([.init("mistakes", list(ref("Mistake")))])),
        .init(
            "Binding",
            object([
                .init("type", string), .init("scope", string), .init("id", integer), .init("createdAt", time),
                .init("binding", ["type": "object"]),
            ])),
        .init("BindingPage", page("Binding")),
        .init(
            "StepTypes",
            object([
                .init(
                    "items",
                    list(object([.init("name", string), .init("inputs", list(field)), .init("outputs", list(field))])))
            ])),
        .init("Execution", execution), .init("ExecutionPage", page("Execution")),
        .init(
            "Explanation",
            object(
                [
                    .init("state", string),
                    .init(
                        "steps",
                        list(object([.init("name", string), .init("why", string)], [.init("command", string)]))),
                ], [.init("why", string), .init("command", string)])),
        .init(
            "Started",
            object([
                .init("started", integer), .init("known", integer),
                .init("refused", list(object([.init("line", integer), .init("errors", list(ref("Mistake")))]))),
            ])),
        .init(
            "Event",
            object(
                [.init("at", time), .init("event", string)],
                [.init("step", string), .init("attempt", integer), .init("detail", string)])),
        .init("EventPage", page("Event")),
        .init("Reported", object([.init("status", string)])),
    ]

    private static let field = object([
        .init("name", string), .init("type", string), .init("optional", flag), .init("secret", flag),
    ])

    private static var execution: JSON {
        let failure = object([.init("class", string), .init("message", string)])
        let step = object(
            [.init("name", string), .init("type", string), .init("state", string), .init("attempt", integer)],
            [
                .init("failure", failure), .init("until", time), .init("outputs", ["type": "object"]),
                .init("progress", ["type": ["object", "string"]]),
            ])
        return object(
            [
                .init("id", string), .init("flow", string.nullable), .init("version", integer.nullable),
                .init("state", string), .init("createdAt", time), .init("endedAt", time.nullable),
            ],
            [
                .init("steps", list(step)), .init("failure", failure), .init("failedStep", string),
                .init("input", ["type": "object"]), .init("outputs", ["type": "object"]), .init("trigger", string),
                .init("reason", string),
            ])
    }
}
