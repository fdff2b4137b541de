import Flows
import Model
import Testing

/// What a binding may say, and the call that becomes of it.
@Suite struct BindingTests {
    private func binding(_ request: JSON, _ more: [JSON.Member] = []) throws -> FlowBinding {
        try FlowBinding(.object([JSON.Member("request", request)] + more))
    }

    private func rendered(_ request: JSON, inputs: [String: ExpressionValue]) throws -> RenderedCall {
        try binding(request).request.rendered { name in
            switch name {
            case "inputs": .value(.map(inputs))
            case "attempt": .value(.int(2))
            default: nil
            }
        }
    }

    @Test func `a request is filled in, and nothing of an input leaves its place`() throws {
        let call = try rendered(
            [
                "url": "http://h/${inputs.name}?n=${attempt}",
                "headers": ["X-Name": "a ${inputs.name}", "Authorization": "Bearer ${secret.token}"],
                "body": ["all": "${inputs}", "text": "n ${attempt}"],
            ], inputs: ["name": .string("${secret.other}/../é&")])
        #expect(call.url == "http://h/%24%7Bsecret.other%7D%2F..%2F%C3%A9%26?n=2")
        #expect(call.method == "POST")
        // What only looks like a secret stays text.
        #expect(call.headers.map(\.value.names) == [[], ["token"]])
        #expect(
            String(decoding: call.body ?? [], as: UTF8.self)
                == #"{"all":{"name":"${secret.other}/../é&"},"text":"n 2"}"#)
    }

    @Test(arguments: [
        (#"{"zz": 1}"#, ["/outputs", "/outputs/zz"]), (#"{"model": {"uri": "s3://m"}}"#, []),
        (#"{"metrics": {}, "model": "${response.body}"}"#, []), ("{}", ["/outputs"]),
    ])
    func `outputs that can never make a step succeed are refused`(outputs: String, pointers: [String]) throws {
        let binding = try binding(["url": "http://h/"], [.init("outputs", try JSON(parsing: outputs))])
        let contract = try #require(StepContract.builtIn.first { $0.name == "model.train" })
        #expect(binding.mistakes(against: contract).map(\.pointer) == pointers)
    }

    @Test(arguments: [
        ("model.evaluate", #"{"metrics": {"a": 1e400}}"#, "/outputs/metrics/a"),
        ("model.evaluate", #"{"metrics": {"a": -1e400}}"#, "/outputs/metrics/a"),
        ("http", #"{"status": 200, "body": {"a": [1, 1e400]}}"#, "/outputs/body/a/1"),
    ])
    func `a number that nothing can compute with is no output`(type: String, outputs: String, pointer: String) throws {
        let contract = try #require(StepContract.builtIn.first { $0.name == type })
        #expect {
            try StepOutputs(checking: try JSON(parsing: outputs), against: contract)
        } throws: { error in
            let message = (error as? StepFailure)?.message ?? ""
            return message.contains(pointer) && message.contains("beyond the range of numbers")
        }
    }

    @Test func `a line break in an input is no header`() throws {
        #expect {
            try rendered(
                ["url": "http://h/", "headers": ["X": "${inputs.name}"]], inputs: ["name": .string("a\r\nY: b")])
        } throws: { ($0 as? StepFailure)?.kind == .user }
    }

    @Test(arguments: [
        (#"{}"#, ["/request"]),
        (#"{"request": {"url": "ftp://h/"}}"#, ["/request/url"]),
        (#"{"request": {"url": "http://h/", "timeout": "90s"}}"#, ["/request"]),
        (#"{"request": {"url": "http://h/"}, "completion": "callback"}"#, ["/request"]),
        (#"{"request": {"url": "http://h/"}, "completion": "poll"}"#, ["/completion"]),
        (#"{"request": {"url": "http://h/", "body": "${secret.x}"}}"#, ["/request/body"]),
        (#"{"request": {"url": "http://h/", "body": "${train.model}"}}"#, ["/request/body"]),
        (
            #"{"request": {"url": "http://h/", "headers": {"Host": "x", "A": 1}}}"#,
            ["/request/headers/Host", "/request/headers/A"]
        ),
        (#"{"request": {"url": "http://h/"}, "concurrency": 5, "color": 1}"#, ["/concurrency", "/color"]),
        (#"{"request": {"url": "http://h/"}, "accepted": [99], "retry": {"user": {}}}"#, ["/accepted", "/retry/user"]),
    ])
    func `what a binding may not say is listed with its place`(text: String, pointers: [String]) throws {
        let json = try JSON(parsing: text)
        do throws(FieldErrors) {
            _ = try FlowBinding(json)
            Issue.record("it is accepted")
        } catch {
            #expect(error.errors.map(\.pointer).sorted() == pointers.sorted(), "\(error)")
        }
    }

    @Test(arguments: [
        (200, nil as String?), (409, nil), (404, "user"), (429, "platform"), (500, "platform"), (302, "user"),
    ])
    func `the status of an answer decides, and 409 where it is accepted`(status: Int, kind: String?) throws {
        let binding = try binding(
            ["url": "http://h/", "body": "${callback}"],
            [JSON.Member("completion", "callback"), JSON.Member("accepted", [409])])
        let contract = try #require(StepContract.builtIn.first { $0.name == "model.train" })
        let answer = binding.answer(
            CallAnswer(status: status, body: [], totalBytes: 0, cut: nil, retryAfter: .seconds(9)), contract
        ) { _ in nil }
        switch answer {
        case .accepted: #expect(kind == nil)
        case .failed(let failure):
            #expect("\(failure.kind)" == kind)
            #expect(failure.retryAfter == (kind == "platform" ? .seconds(9) : nil))
        case .succeeded: Issue.record("a callback has yet to come")
        }
    }
}
