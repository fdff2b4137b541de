import Flows
import Model

/// All mistakes of a document, as a user sees them.
func mistakes(in json: JSON) -> [FieldError] { FlowChecker.mistakes(in: json) }

/// A flow with inputs of most types and steps whose outputs may be absent, in which `probe` has these fields.
func checkedFlow(_ probe: [JSON.Member]) -> JSON {
    [
        "inputs": [
            "trees": "integer", "rate": "number", "name": "string", "ok": "boolean", "tags": "list<string>",
            "sizes": "map<integer>", "config": "json", "source": "Dataset", "after": "duration",
            "note": ["type": "string", "optional": true], "extra": ["type": "json", "optional": true],
        ],
        "steps": [
            "prepare": [
                "type": "dataset.transform",
                "with": ["source": "${inputs.source}", "transformation": ["uri": "s3://t/clean.json"]],
            ],
            "train": ["type": "model.train", "with": ["dataset": "${prepare.dataset}"]],
            "evaluate": [
                "type": "model.evaluate", "with": ["model": "${train.model}", "dataset": "${prepare.holdout}"],
            ],
            "maybe": [
                "type": "model.evaluate", "onError": "continue",
                "with": ["model": "${train.model}", "dataset": "${prepare.holdout}"],
            ],
            "probe": .object(probe),
        ],
    ]
}

/// The mistakes of a step that runs under this condition.
func mistakes(when condition: String) -> [FieldError] {
    mistakes(
        in: checkedFlow([
            JSON.Member("type", "wait"), JSON.Member("with", ["for": "1s"]), JSON.Member("when", .string(condition)),
        ]))
}

/// The mistakes of a call with this body, under a condition if there is one.
func mistakes(body: JSON, when condition: String? = nil) -> [FieldError] {
    var probe = [
        JSON.Member("type", "http"), JSON.Member("with", ["url": "https://example.com", "body": body]),
    ]
    if let condition { probe.append(JSON.Member("when", .string(condition))) }
    return mistakes(in: checkedFlow(probe))
}
