import Model
import Testing

@Suite struct ActionTests {
    private func read(_ text: String) throws -> (action: Action?, errors: [FieldError]) {
        var errors: [FieldError] = []
        let action = Action(try JSON(parsing: text), errors: &errors)
        return (action, errors)
    }
    private func http(_ fields: String) throws -> (action: Action?, errors: [FieldError]) {
        try read(#"{"http": {\#(fields)}}"#)
    }

    @Test func `defaults are POST, no headers, no body and 30 seconds`() throws {
        let (action, errors) = try http(#""url": "https://example.com/hook""#)
        #expect(errors.isEmpty)
        #expect(action == .http(HTTPAction(url: "https://example.com/hook")))
        guard case .http(let call) = action else { return }
        #expect(call.method == "POST" && call.timeout == .seconds(30) && call.body == nil)
        #expect(action?.json["http"]?["timeout"] == "30s" && action?.json["http"]?["body"] == nil)
    }

    @Test func `the body keeps the user's members and digits, in JSON and in bytes`() throws {
        let (action, _) = try http(#""url": "http://h", "body": {"z": 1.0, "a": 12345678901234567890, "s": "\u00e9"}"#)
        let call = try #require(action)
        guard case .http(let sent) = call else { return }
        #expect(sent.body.map { String(decoding: $0, as: UTF8.self) } == #"{"z":1.0,"a":12345678901234567890,"s":"é"}"#)
        var writer = ByteWriter()
        call.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try Action(from: &reader) == call && reader.isAtEnd)
        var errors: [FieldError] = []
        #expect(Action(call.json, errors: &errors) == call)
    }

    @Test(arguments: [
        "http://h", "HTTPS://Example.com:8443/a/b?c=d&e=%20#f", "http://127.0.0.1:80/", "http://[::1]:9000/x",
        "https://example.com/a@b", "https://bücher.example/",
    ]) func `takes absolute http and https URLs`(url: String) throws {
        let (action, errors) = try http("\"url\": \"\(url)\"")
        #expect(action != nil && errors.isEmpty)
    }

    @Test(arguments: [
        "", "/hook", "example.com", "ftp://h/", "http:/h", "http://", "http:///path", "https://?q", "http://:80/",
        "http://user@h/", "http://user:secret@h/", "http://h:0/", "http://h:65536/", "http://h:x/", "http://h:/",
        "http://h/a b", "http://h/\\u0001", "http://h/\\n", "http://[::1", "http://[]/", "http://[::1]x/", "http://./",
        "http://h/{id}", "file:///etc/passwd",
    ]) func `refuses other URLs`(url: String) throws {
        let (action, errors) = try http("\"url\": \"\(url)\"")
        #expect(action == nil && errors.map(\.pointer) == ["/action/http/url"])
    }

    @Test(arguments: [
        "Host", "content-length", "Transfer-Encoding", "CONNECTION", "Idempotency-Key", "Headgate-Schedule",
        "webhook-id", "Webhook-Signature", "X Y", "X:Y", "", "Ä",
    ]) func `refuses header names that are Headgate's, or none`(name: String) throws {
        let (action, errors) = try http(#""url": "http://h", "headers": {"\#(name)": "v"}"#)
        #expect(action == nil && errors.map(\.pointer) == ["/action/http/headers/\(name)"])
    }

    @Test(arguments: ["${secret.", "${secret.a", "Bearer ${secret.a} ${secret.b"])
    func `refuses a reference to a secret that does not end`(value: String) throws {
        let (action, errors) = try http(#""url": "http://h", "headers": {"A": "\#(value)"}"#)
        #expect(action == nil && errors.map(\.pointer) == ["/action/http/headers/A"])
    }

    @Test func `refuses header values that would end the line, and the same name twice`() throws {
        for value in [#"a\r\nX: y"#, #"a\nb"#, #"a\rb"#, #"a\u0000"#] {
            #expect(try http(#""url": "http://h", "headers": {"X": "\#(value)"}"#).action == nil)
        }
        #expect(
            try http(#""url": "http://h", "headers": {"X": "1", "x": "2"}"#).errors.map(\.pointer) == [
                "/action/http/headers/x"
            ])
        #expect(
            try http(#""url": "http://h", "headers": {"X": 1}"#).errors.map(\.pointer) == ["/action/http/headers/X"])
    }

    @Test func `limits are those of the documentation, to the byte`() throws {
        func url(_ length: Int) -> String { "http://h/" + String(repeating: "a", count: length - 9) }
        #expect(try http("\"url\": \"\(url(2_048))\"").action != nil)
        #expect(try http("\"url\": \"\(url(2_049))\"").action == nil)
        func body(_ length: Int) -> String { "\"" + String(repeating: "a", count: length - 2) + "\"" }
        #expect(try http("\"url\": \"http://h\", \"body\": \(body(65_536))").action != nil)
        #expect(
            try http("\"url\": \"http://h\", \"body\": \(body(65_537))").errors.map(\.pointer) == ["/action/http/body"])
        func headers(_ count: Int) -> String { (0..<count).map { "\"X-\($0)\": \"v\"" }.joined(separator: ",") }
        #expect(try http("\"url\": \"http://h\", \"headers\": {\(headers(50))}").action != nil)
        #expect(try http("\"url\": \"http://h\", \"headers\": {\(headers(51))}").action == nil)
        for (timeout, isAllowed) in [("1ms", true), ("5m", true), ("999us", false), ("301s", false), ("soon", false)] {
            #expect(try (http("\"url\": \"http://h\", \"timeout\": \"\(timeout)\"").action != nil) == isAllowed)
        }
    }

    @Test func `reports every mistake, flows and unknown fields too`() throws {
        let (action, errors) = try read(
            #"{"http": {"method": "BREW", "headers": [], "timeout": 5, "verb": "x"}, "flow": {}, "mail": {}}"#)
        #expect(action == nil)
        #expect(
            Set(errors.map(\.pointer)) == [
                "/action/http/method", "/action/http/url", "/action/http/headers", "/action/http/timeout",
                "/action/http/verb", "/action/flow", "/action/flow/name", "/action/mail",
            ])
        #expect(try read(#"{"flow": {}}"#).errors.map(\.pointer) == ["/action/flow/name"])
        let both = try read(#"{"http": {"url": "https://example.com/"}, "flow": {"name": "churn"}}"#)
        #expect(both.errors.map(\.detail) == ["an action is either http or flow"])
        #expect(try read("{}").errors.map(\.pointer) == ["/action/http"])
        #expect(
            try http(#""url": "http://h", "method": "GET", "body": 1"#).errors.map(\.pointer) == ["/action/http/body"])
    }

    @Test func `bytes cut short or of another version are refused`() throws {
        var writer = ByteWriter()
        Action.http(
            HTTPAction(url: "http://h", headers: [HTTPAction.Header(name: "A", value: "b")], body: Array("{}".utf8))
        ).encode(into: &writer)
        for length in writer.bytes.indices {
            var reader = ByteReader(writer.bytes[..<length])
            #expect(throws: ByteReader.Failure.self) { try Action(from: &reader) }
        }
        for place in [0, 1] {
            var bytes = writer.bytes
            bytes[place] = 9
            var reader = ByteReader(bytes)
            #expect(throws: ByteReader.Failure.self) { try Action(from: &reader) }
        }
    }
}
