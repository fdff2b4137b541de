import Flows
import Model
import Testing

/// Flows that start because another has failed.
@Suite struct FailureReportTests {
    private func flow(_ inputs: JSON, _ more: [JSON.Member] = []) throws -> FlowDefinition {
        let steps: JSON = ["call": ["type": "http", "with": ["url": "https://a.example/"]]]
        return try FlowDefinition(.object([.init("inputs", inputs), .init("steps", steps)] + more))
    }

    @Test(arguments: [
        (#"{}"#, nil as String?),
        (#"{"execution": "string", "error": "json"}"#, nil),
        (#"{"error": "map<string>", "step": {"type": "string", "optional": true}}"#, nil),
        (#"{"flow": {"type": "string", "default": "?"}, "other": {"type": "integer", "optional": true}}"#, nil),
        (#"{"execution": "integer"}"#, "h has the input execution, which must be a string"),
        (#"{"step": "string"}"#, "h has the input step, which may be missing: make it optional, or give it a default"),
        (#"{"error": "string"}"#, "h has the input error, which must be a map<string>"),
        (
            #"{"execution": {"type": "string", "secret": true}}"#,
            "h has the input execution, a secret, which a failure does not give"
        ),
        (
            #"{"model": "Model"}"#,
            "h has the input model, which a failure does not give: it gives error, execution, flow, step"
        ),
    ])
    func `a handler can be given what a failure gives, or the mistake says what is missing`(
        inputs: String, mistake: String?
    ) throws {
        let found = FailureReport.mistakes(in: try flow(try JSON(parsing: inputs)), "h")
        #expect(found.map(\.detail) == (mistake.map { [$0] } ?? []))
        #expect(found.allSatisfy { $0.pointer == "/onFailure/flow" })
    }

    @Test func `a report has what is known of the failure`() throws {
        let id = ExecutionID(high: 1, low: 2)
        let whole = FailureReport(execution: id, flow: nil, step: nil, failure: StepFailure(.timeout, "too long"))
            .values
        #expect(whole.keys.sorted() == ["error", "execution"] && whole["execution"] == .string("\(id)"))
        #expect(whole["error"] == .map(["class": .string("timeout"), "message": .string("too long")]))
        let step = FailureReport(execution: id, flow: "churn", step: "train", failure: StepFailure(.user, "")).values
        #expect(step["flow"] == .string("churn") && step["step"] == .string("train"))
    }

    @Test(arguments: [
        (#"{"flow": "cleanup"}"#, nil as String?), ("null", nil), (#""cleanup""#, "/onFailure"),
        (#"{"flow": "No Name"}"#, "/onFailure/flow"), (#"{}"#, "/onFailure/flow"),
        (#"{"flow": "a", "when": "true"}"#, "/onFailure/when"),
    ])
    func `onFailure names a flow`(json: String, pointer: String?) throws {
        let value = try JSON(parsing: json)
        if let pointer {
            let error = #expect(throws: FieldErrors.self) { try flow([:], [.init("onFailure", value)]) }
            #expect(error?.errors.map(\.pointer) == [pointer])
        } else {
            #expect(try flow([:], [.init("onFailure", value)]).onFailure == (value == .null ? nil : "cleanup"))
        }
    }
}
