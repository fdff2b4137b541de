import Testing

@testable import Model

@Suite struct JSONTests {
    @Test(arguments: [
        #"{"a":1.0,"b":[12345678901234567890,-0.5e+3],"c":"\"\\\n\u00e9"}"#,
        #"[]"#, #"{}"#, #"[null,true,false]"#,
    ]) func `keeps members, order and digits`(text: String) throws {
        let once = try JSON(parsing: text)
        #expect(try JSON(parsing: once.description) == once)
        #expect(try JSON(parsing: once.pretty) == once)
    }

    @Test(arguments: [
        ("{\"a\":1,\"a\":2}", 1, 11), ("[1,]", 1, 4), ("01", 1, 2), ("{\n  \"a\" 1}", 2, 7), ("\"\\ud800\"", 1, 8),
        ("nul", 1, 4), ("", 1, 1), ("\"\u{1}\"", 1, 2), ("1 2", 1, 3), ("[\"\\x\"]", 1, 4),
    ]) func `says where a text stops being JSON`(text: String, line: Int, column: Int) {
        #expect { try JSON(parsing: text) } throws: { error in
            let error = error as? JSON.SyntaxError
            return error?.line == line && error?.column == column
        }
    }

    @Test(arguments: [
        (#"{"a":[1,{"b/c":"\ud800"}]}"#, "/a/1/b~1c"), (#"{"a":{"b":01}}"#, "/a"), (#"["\ud800"]"#, "/0"),
        (#"{"a":nul}"#, "/a"), (#"{"a":1"#, ""),
    ]) func `names the value in which a text stops being JSON`(text: String, pointer: String) {
        #expect { try JSON(parsing: text) } throws: { ($0 as? JSON.SyntaxError)?.pointer == pointer }
    }

    @Test func `U+0000 is kept in what is stored, and refused with its pointer in what comes in`() throws {
        let text = #"{"a":["b\u0000c"]}"#
        #expect(try JSON(parsing: text).description == text)
        for (text, pointer) in [(text, "/a/0"), (#"{"a":{"\u0000":1}}"#, "/a"), (#""\u0000""#, "")] {
            #expect { try JSON(document: Array(text.utf8)) } throws: { error in
                let error = (error as? JSON.SyntaxError)?.fieldError()
                return error?.pointer == pointer && error?.detail.contains("not JSON") == false
            }
        }
    }

    @Test func `a byte order mark before a text is skipped, and one inside is not`() throws {
        #expect(try JSON(parsing: "\u{FEFF}[1]") == [1])
        #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: "[\u{FEFF}1]") }
        #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: "\u{FEFF}\u{FEFF}1") }
    }

    @Test func `refuses nesting that would exhaust the stack`() {
        #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: String(repeating: "[", count: 100_000)) }
    }

    @Test func `reports every mistake of a document with its pointer`() throws {
        let document = try JSON(parsing: #"{"name": 5, "x/y": true}"#)
        var fields = JSONFields(document, at: "/action")
        let name = fields.optional("name", "a string", \.text)
        let url = fields.required("url", "a string", \.text)
        fields.finish()
        #expect(name == nil && url == nil)
        #expect(fields.errors.map(\.pointer) == ["/action/name", "/action/url", "/action/x~1y"])
    }

    @Test func `a mistake quotes what is short, and says how long a text is that is not`() {
        let long = String(repeating: "x", count: 41)
        for (value, found) in [
            (JSON.string("abc"), #"found "abc""#), (.string(long), "found a string of 41 characters"),
        ] {
            var fields = JSONFields(["n": value], at: "")
            _ = fields.optional("n", FieldType<Int>.integer(1...9))
            #expect(fields.errors.map(\.detail) == ["expected a whole number from 1 to 9, \(found)"])
        }
    }
}
