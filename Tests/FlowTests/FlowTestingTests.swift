import FlowTesting
import Flows
import Model
import Testing

/// The runner of cases itself.
struct FlowTestingTests {
    private static let flow: JSON = [
        "inputs": ["source": "Dataset", "level": ["type": "integer", "default": 1]], "timeout": "400d",
        "steps": [
            "train": ["type": "model.train", "with": ["dataset": "${inputs.source}"], "timeout": "1h"],
            "check": [
                "type": "http", "when": "inputs.level > 1", "onError": "continue", "with": ["url": "https://a.b/"],
            ],
            "pause": ["type": "wait", "with": ["for": "365d"], "after": ["train"]],
        ],
        "outputs": ["model": "${train.model}"],
    ]

    private func suite(_ cases: JSON...) throws -> FlowSuite {
        try FlowSuite(FlowCaseFile(["cases": .array(cases)]), plan: FlowPlan(checking: FlowTestingTests.flow))
    }

    private func flowCase(_ members: String, name: String = "one") throws -> JSON {
        try JSON(parsing: #"{"name":"\#(name)","input":{"source":{"uri":"s3://d"}},\#(members)}"#)
    }

    private static let trained = #""steps":{"train":{"outputs":{"model":{"uri":"s3://m"}}}}"#

    /// What a case reports.
    private func messages(_ members: String) throws -> [String] {
        let suite = try suite(flowCase(members))
        return suite.cases[0].mismatches(suite.run()[0], suite.plan)
    }

    static let wrong: [(expect: String, message: String)] = [
        (#"{"state":"failed"}"#, "state: expected failed, found succeeded"),
        (#"{"steps":{"train":{"attempts":3}}}"#, "steps.train.attempts: expected 3, found 1"),
        (#"{"steps":{"train":{"state":"skipped"}}}"#, "steps.train.state: expected skipped, found succeeded"),
        (#"{"steps":{"train":{"class":"timeout"}}}"#, "steps.train.class: expected timeout, found no failure"),
        (#"{"steps":{"train":{"message":"x"}}}"#, "steps.train.message: expected \"x\" in it, found no failure"),
        (#"{"outputs":{"model":null}}"#, #"outputs.model: expected null, found {"uri":"s3://m"}"#),
        (#"{"calls":[]}"#, "calls: expected 0, found 1: train/1 at 0s"),
        (#"{"calls":[{"step":"check"}]}"#, "calls.0.step: expected check, found train"),
        (#"{"calls":[{"step":"train","at":"1s"}]}"#, "calls.0.at: expected 1s, found 0s"),
        (#"{"calls":[{"step":"train","attempt":2}]}"#, "calls.0.attempt: expected 2, found 1"),
        (
            #"{"calls":[{"step":"train","inputs":{"dataset":1}}]}"#,
            #"calls.0.inputs.dataset: expected 1, found {"uri":"s3://d"}"#
        ),
        (#"{"cancels":[{"step":"train"}]}"#, "cancels: expected 1, found 0"),
        (#"{"duration":"1d"}"#, "duration: expected 1d, found 365d"),
        (#"{"duration":"<= 1d"}"#, "duration: expected <= 1d, found 365d"),
        (#"{"failedStep":"train"}"#, "failedStep: expected train, found none"),
        (#"{"failure":{"class":"user"}}"#, "failure.class: expected user, found no failure"),
    ]

    @Test(arguments: wrong)
    func `a wrong expectation is reported by its path`(expect: String, message: String) throws {
        #expect(try messages("\(FlowTestingTests.trained),\"expect\":\(expect)") == [message])
    }

    @Test func `a case that expects nothing expects success`() throws {
        #expect(try messages(FlowTestingTests.trained) == [])
        #expect(
            try messages(#""steps":{"train":{"status":400}}"#) == [
                "state: expected succeeded, found failed (train: user: status 400)"
            ])
    }

    @Test func `a step without a mock is named, with a mock to write`() throws {
        let message = try #require(try messages(#""expect":{}"#).first)
        #expect(message.hasPrefix("train was called (attempt 1) and has no mock; write one such as "))
        #expect(message.hasSuffix(#"{"steps":{"train":{"outputs":{"model":"a Model"}}}}"#))
    }

    @Test func `an execution that never ends says why`() throws {
        let message = try #require(
            try messages(#"\#(FlowTestingTests.trained),"events":[{"at":"1d","pause":true}]"#).first)
        #expect(message.hasPrefix("it never ends: it is paused; pause: waits until 2027-01-01T00:00:00.000Z"))
    }

    @Test func `a retry of what has not failed is refused`() throws {
        let message = try #require(
            try messages(#"\#(FlowTestingTests.trained),"events":[{"at":"1d","retry":true}]"#).first)
        #expect(message.hasPrefix("the retry at 1d is refused: the execution has not ended"))
    }

    @Test func `a case is given up after so many transitions`() throws {
        let suite = try suite(flowCase(#""steps":{"train":{"attempts":[{"status":503}]}},"expect":{"state":"failed"}"#))
        #expect(suite.cases[0].mismatches(suite.run()[0], suite.plan) == [])
        let message = try #require(suite.cases[0].mismatches(suite.run(mostTransitions: 9)[0], suite.plan).first)
        #expect(message.hasPrefix("it has not ended after 9 transitions; train: "))
    }

    @Test func `mistakes of a file are all found, each by its pointer`() throws {
        let cases: [JSON] = [
            try JSON(
                parsing: """
                    {"name": "a", "input": {"source": "s3://d", "size": 1}, "typo": 1,
                     "steps": {"train": {"outputs": {"modl": 1}}, "tain": "silence", "pause": "silence",
                               "check": {"attempts": [{"status": 200}, {"after": "1h"}, "timeuot"]}},
                     "bindings": {"model.tune": {}, "model.train": {"timeout": "1x", "cancel": 1}},
                     "events": [{"at": "1h"}, {"at": "1h", "pause": true, "cancel": true}, {"at": "1h", "retry": {"fromStep": "x"}}],
                     "expect": {"state": "done", "steps": {"train": {"state": "succeded"}}, "outputs": {"mdl": 1},
                                "calls": [{"attempt": 1}], "duration": "soon"}}
                    """),
            try flowCase(FlowTestingTests.trained), try flowCase(FlowTestingTests.trained),
        ]
        let plan = try FlowPlan(checking: FlowTestingTests.flow)
        let file = try FlowCaseFile(["cases": .array(cases)])
        do throws(FieldErrors) {
            _ = try FlowSuite(file, plan: plan)
            Issue.record("a file with mistakes was read")
        } catch {
            let pointers = error.errors.map(\.pointer)
            let expected = [
                "/cases/0/typo", "/cases/0/input/source", "/cases/0/input/size", "/cases/0/steps/train/outputs",
                "/cases/0/steps/train/outputs/modl", "/cases/0/steps/tain", "/cases/0/steps/pause",
                "/cases/0/steps/check/attempts/0/status", "/cases/0/steps/check/attempts/1",
                "/cases/0/steps/check/attempts/2", "/cases/0/bindings/model.tune",
                "/cases/0/bindings/model.train/timeout", "/cases/0/bindings/model.train/cancel", "/cases/0/events/0",
                "/cases/0/events/1", "/cases/0/events/2/retry/fromStep", "/cases/0/expect/state",
                "/cases/0/expect/steps/train/state", "/cases/0/expect/outputs/mdl", "/cases/0/expect/calls/0/step",
                "/cases/0/expect/duration", "/cases/2/name",
            ]
            #expect(Set(pointers) == Set(expected))
            #expect(pointers.count == expected.count, "\(error)")
        }
    }

    @Test func `a file without cases, and a flow with mistakes, are refused`() {
        #expect(
            throws: FieldErrors([FieldError(pointer: "/cases", detail: "is required: a list of at least one case")])
        ) {
            try FlowCaseFile(["flow": "a.json"])
        }
        #expect {
            try FlowPlan(checking: ["steps": ["a": ["type": "http"]]], at: "/flow")
        } throws: {
            ($0 as? FieldErrors)?.errors.map(\.pointer) == ["/flow/steps/a/with"]
        }
    }

    @Test func `coverage names what no case went through`() throws {
        var report = FlowTestReport()
        report.run(try suite(flowCase(FlowTestingTests.trained)), file: "cases.json", flow: "flow")
        #expect(
            report.gaps.map(\.gaps) == [
                [
                    "step check: when is true: inputs.level > 1",
                    "step check: fails, and the flow goes on (onError: continue)",
                ]
            ])
        let other = try JSON(
            parsing: #"""
                {"name": "two", "input": {"source": {"uri": "s3://d"}, "level": 2},
                 "steps": {"train": {"outputs": {"model": {"uri": "s3://m"}}}, "check": {"status": 404}}}
                """#)
        report.run(try suite(other), file: "more.json", flow: "flow")
        #expect(report.gaps.isEmpty)
        #expect(report.text.hasSuffix("2 cases, 0 failed"))
    }

    @Test func `JUnit's XML holds what failed, whatever is in its text`() throws {
        var report = FlowTestReport()
        let failing = try flowCase(
            #""steps":{"train":{"failed":{"class":"user","message":"<&\"'\u0001>"}}}"#, name: "a < b & \\\"c\\\"")
        report.run(try suite(failing, flowCase(FlowTestingTests.trained)), file: "cases.json", flow: "flow")
        let parser = XMLReader(report.junit)
        #expect(parser.isValid)
        #expect(parser.names == ["testsuites", "testsuite", "testcase", "failure", "testcase"])
        #expect(report.junit.contains(#"<testsuites tests="2" failures="1">"#))
        #expect(report.junit.contains(#"name="a &lt; b &amp; &quot;c&quot;""#))
        #expect(report.counts == (2, 1))
        #expect(report.json["cases"]?.elements?.map { $0["ok"]?.flag } == [false, true])
    }
}
