import Flows
import Model
import Testing

/// Conditions against the rules of cel-spec (`doc/langdef.md`) and ours.
@Suite struct ExpressionTests {
    /// What a condition comes to: a value, written as a condition, or the code of an error.
    enum Outcome: Sendable {
        case value(String)
        case error(ExpressionError.Code)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var outcome: Outcome
        var testDescription: String { text }
    }

    /// `text -> outcome` a line; an outcome of `!code` is an error.
    private static func cases(_ lines: String) -> [Case] {
        lines.split(separator: "\n").compactMap { line in
            let sides = String(line).split(separator: " -> ", maxSplits: 1).map { String($0).trimmed }
            guard sides.count == 2 else { return nil }
            let outcome = sides[1]
            return Case(
                text: sides[0],
                outcome: outcome.hasPrefix("!")
                    ? .error(ExpressionError.Code(rawValue: String(outcome.dropFirst()))!) : .value(outcome))
        }
    }

    private static let inputs: JSON = [
        "name": "Ada", "age": 36, "tags": ["a", "b"], "score": .number("0.5"), "none": nil, "ok": true, "empty": [:],
        "large": 9_007_199_254_740_993, "larger": .number("9223372036854775808"), "whole": .number("1.0"),
        "nested": ["list": [["x": 1]]],
    ]

    private static func lookUp(_ name: String) -> ExpressionName? {
        switch name {
        case "inputs": .value(ExpressionValue(inputs))
        case "train": .value(ExpressionValue(["model": ["uri": "s3://m"], "metrics": ["auc": .number(0.9)]]))
        case "skipped": .absent
        default: nil
        }
    }

    static let numbers = cases(
        """
        1 -> 1
        0x1F -> 31
        0XfF -> 255
        -1 -> -1
        - 1 -> -1
        1.5 -> 1.5
        .5 -> 0.5
        1e3 -> 1000.0
        1E-2 -> 0.01
        2.5e+1 -> 25.0
        9223372036854775807 -> 9223372036854775807
        -9223372036854775808 -> -9223372036854775808
        9223372036854775808 -> !syntax
        -9223372036854775809 -> !syntax
        -0x8000000000000000 -> -9223372036854775808
        1e400 -> !syntax
        1u -> !syntax
        0x -> !syntax
        1e -> !syntax
        12ab -> !syntax
        1 + 2 -> 3
        1 - 2 -> -1
        1-2 -> -1
        1 - -2 -> 3
        2 * 3 + 4 -> 10
        2 + 3 * 4 -> 14
        (2 + 3) * 4 -> 20
        7 / 2 -> 3
        -7 / 2 -> -3
        7 % 3 -> 1
        -7 % 3 -> -1
        10 - 3 - 2 -> 5
        100 / 10 / 2 -> 5
        1 / 0 -> !divisionByZero
        1 % 0 -> !divisionByZero
        1.0 / 0.0 > 1e308 -> true
        0.0 / 0.0 == 0.0 / 0.0 -> false
        0.0 / 0.0 != 0.0 / 0.0 -> true
        0.0 / 0.0 < 1.0 -> false
        0.0 / 0.0 >= 1 -> false
        5.5 % 2.0 -> !type
        9223372036854775807 + 1 -> !overflow
        -9223372036854775808 - 1 -> !overflow
        9223372036854775807 * 2 -> !overflow
        -9223372036854775808 / -1 -> !overflow
        -9223372036854775808 % -1 -> !overflow
        -(-9223372036854775808) -> !overflow
        --5 -> 5
        -1.5 -> -1.5
        1.5 + 1.5 -> 3.0
        3.0 - 1.0 -> 2.0
        2.0 * 2.5 -> 5.0
        3.0 / 2.0 -> 1.5
        1 + 1.0 -> !type
        1.0 * 2 -> !type
        -"a" -> !type
        """)

    static let comparisons = cases(
        """
        1 < 2 -> true
        2 <= 2 -> true
        2 >= 3 -> false
        3 > 2 -> true
        1 == 1 -> true
        1 == 1.0 -> true
        1 != 1.0 -> false
        1 < 1.5 -> true
        1.5 > 1 -> true
        -1 > -1.5 -> true
        1 <= 0.5 -> false
        9007199254740993 == 9007199254740992.0 -> false
        9007199254740993 > 9007199254740992.0 -> true
        9007199254740992 == 9007199254740992.0 -> true
        9007199254740992.0 < 9007199254740993 -> true
        9223372036854775807 == 9223372036854775808.0 -> false
        9223372036854775807 < 9223372036854775808.0 -> true
        9223372036854775808.0 > 9223372036854775807 -> true
        -9223372036854775808 == -9223372036854775808.0 -> true
        -9223372036854775808 > -9223372036854777856.0 -> true
        1 < 1e300 -> true
        -1 > -1e300 -> true
        inputs.large == 9007199254740993 -> true
        inputs.large == 9007199254740992 -> false
        inputs.larger > 9223372036854775807 -> true
        inputs.larger == 9223372036854775808.0 -> true
        inputs.whole == 1 -> true
        inputs.whole + 1.0 -> 2.0
        inputs.whole + 1 -> !type
        0.1 + 0.2 == 0.3 -> false
        -0.0 == 0 -> true
        "a" < "b" -> true
        "a" < "aa" -> true
        "Z" < "a" -> true
        "" < "a" -> true
        "b" >= "a" -> true
        "\\uFF61" < "\\U0001F600" -> true
        "\\u00e9" == "e\\u0301" -> false
        "\\u00e9" != "e\\u0301" -> true
        false < true -> true
        true <= true -> true
        true > true -> false
        "1" == 1 -> false
        null == null -> true
        null == 0 -> false
        null != false -> true
        [1, 2] == [1, 2.0] -> true
        [1, 2] == [2, 1] -> false
        [] == [] -> true
        [1] == 1 -> false
        [0.0 / 0.0] == [0.0 / 0.0] -> false
        inputs.nested == inputs.nested -> true
        inputs.empty == inputs.nested -> false
        "1" < 1 -> !type
        null < 1 -> !type
        [1] < [2] -> !type
        true < 1 -> !type
        """)

    static let logic = cases(
        """
        true && true -> true
        true && false -> false
        false || true -> true
        false || false -> false
        !true -> false
        !!true -> true
        !false && true -> true
        true || false && false -> true
        (true || false) && false -> false
        false && 1 / 0 == 1 -> false
        1 / 0 == 1 && false -> false
        true || 1 / 0 == 1 -> true
        1 / 0 == 1 || true -> true
        true && 1 / 0 == 1 -> !divisionByZero
        1 / 0 == 1 && true -> !divisionByZero
        false || 1 / 0 == 1 -> !divisionByZero
        1 / 0 == 1 || false -> !divisionByZero
        1 / 0 == 1 && inputs.nothing -> !divisionByZero
        inputs.nothing || 1 / 0 == 1 -> !absent
        skipped.x > 1 || true -> true
        true || skipped.x > 1 -> true
        skipped.x > 1 && false -> false
        skipped.x > 1 && true -> !absent
        1 && false -> false
        false && 1 -> false
        1 && true -> !type
        true && 1 -> !type
        "a" || true -> true
        "a" || false -> !type
        !1 -> !type
        !skipped.x -> !absent
        1 / 0 == 1 && 1 && false -> false
        false || 1 / 0 == 1 || true -> true
        true ? 1 : 2 -> 1
        false ? 1 : 2 -> 2
        true ? 1 : 1 / 0 -> 1
        false ? 1 / 0 : 2 -> 2
        true ? false ? 1 : 2 : 3 -> !syntax
        true ? (false ? 1 : 2) : 3 -> 2
        false ? 1 : false ? 2 : 3 -> 3
        1 ? 2 : 3 -> !type
        1 / 0 == 1 ? 2 : 3 -> !divisionByZero
        1 < 2 == true -> true
        """)

    static let texts = cases(
        """
        "a" + "b" -> "ab"
        'a' + "b" -> "ab"
        'it"s' -> "it\\"s"
        "it's" -> 'it\\'s'
        "a\\tb" == "a\\x09b" -> true
        "\\u0041\\U00000042\\103" -> "ABC"
        "\\a\\b\\f\\v\\?\\`" == "\\x07\\x08\\x0c\\x0b?`" -> true
        r"a\\n" -> "a\\\\n"
        R'\\' -> "\\\\"
        "\\q" -> !syntax
        "\\u12" -> !syntax
        "\\u+041" -> !syntax
        "\\ud800" -> !syntax
        "\\ud83d\\ude00" -> !syntax
        \"""a"b""c\""" -> 'a"b""c'
        '''it's''' -> "it's"
        \"""a\\"\\"\\"b\""" -> 'a\\"\\"\\"b'
        r\"""a\\n"b\""" -> 'a\\\\n"b'
        \"""\""" -> ""
        \"\"\"\"a\""" -> '"a'
        \"""a"" -> !syntax
        r'''\\''' -> "\\\\"
        size(\"""ab\""") -> 2
        "\\U00110000" -> !syntax
        "\\400" -> !syntax
        "open -> !syntax
        'a" -> !syntax
        size("") -> 0
        size("abc") -> 3
        size("\\u00e9") -> 1
        size("e\\u0301") -> 2
        size("\\U0001F468\\u200D\\U0001F469") -> 3
        "abc".size() -> 3
        size("a" + "b") -> 2
        "a" - "b" -> !type
        "a" + 1 -> !type
        "a" * 2 -> !type
        size(1) -> !type
        size(null) -> !type
        """)

    static let fields = cases(
        """
        inputs.name -> "Ada"
        inputs["name"] -> "Ada"
        inputs.age + 1 -> 37
        inputs.score < 1 -> true
        inputs.ok -> true
        inputs.none == null -> true
        inputs.tags[0] -> "a"
        inputs.tags[1 - 1 + 1] -> "b"
        inputs.tags[2] -> !absent
        inputs.tags[-1] -> !absent
        inputs.tags["0"] -> !type
        inputs.tags[0.0] -> !type
        inputs.nothing -> !absent
        inputs["nothing"] -> !absent
        inputs[0] -> !type
        inputs.name.first -> !type
        inputs.name[0] -> !type
        inputs.none.x -> !type
        inputs.nested.list[0].x -> 1
        inputs.nested["list"][0]["x"] -> 1
        train.metrics.auc >= 0.8 -> true
        train.model.uri -> "s3://m"
        nobody.x -> !absent
        nobody -> !absent
        skipped -> !absent
        skipped.x -> !absent
        has(train.model) -> true
        has(train.nothing) -> false
        has(train.metrics.auc) -> true
        has(train.metrics.f1) -> false
        has(train.nothing.f1) -> false
        has(train.nothing["a"].f1) -> false
        has(inputs.tags[2].f1) -> false
        has(inputs.nested[inputs.nothing].f1) -> !absent
        has(inputs.name.x.y) -> !type
        has(skipped.x) -> false
        has(skipped.x.y) -> false
        has(skipped.x[0].y) -> false
        !has(skipped.x) -> true
        has(nobody.x) -> !absent
        has(inputs.none) -> true
        has(inputs.name.x) -> !type
        has(inputs.tags) && size(inputs.tags) > 1 -> true
        has(skipped.x) && skipped.x > 1 -> false
        has(train) -> !syntax
        has(train["model"]) -> !syntax
        has(1) -> !syntax
        has() -> !syntax
        1 in [1, 2] -> true
        1.0 in [1, 2] -> true
        3 in [1, 2] -> false
        "a" in inputs.tags -> true
        "c" in inputs.tags -> false
        "name" in inputs -> true
        "nothing" in inputs -> false
        1 in inputs -> false
        null in [null] -> true
        [1] in [[1]] -> true
        0.0 / 0.0 in [0.0 / 0.0] -> false
        1 in 1 -> !type
        "a" in "abc" -> !type
        1 in [1, 1 / 0] -> !divisionByZero
        [1, 2][1] -> 2
        [1] + [2] == [1, 2] -> true
        [1, 2,] == [1, 2] -> true
        [,] -> !syntax
        size([1, 2]) -> 2
        size(inputs.nested) -> 1
        inputs.tags.size() == 2 -> true
        [1] + 1 -> !type
        """)

    static let syntax = cases(
        """
        1 +  -> !syntax
        + 1 -> !syntax
        1 2 -> !syntax
        (1 -> !syntax
        1) -> !syntax
        a. -> !syntax
        a.1 -> !syntax
        a[] -> !syntax
        a = 1 -> !syntax
        a & b -> !syntax
        a | b -> !syntax
        a === b -> !syntax
        !-1 -> !syntax
        {"a": 1} -> !syntax
        a.all(x, x > 1) -> !syntax
        exists(a) -> !syntax
        now() -> !syntax
        a.startsWith("b") -> !syntax
        size() -> !syntax
        size(1, 2) -> !syntax
        true ? 1 -> !syntax
        while -> !syntax
        inputs.in -> !syntax
        let == 1 -> !syntax
        # -> !syntax
        \u{E9} -> !syntax
        1 // one -> 1
        1 + // one -> !syntax
        """)

    @Test(arguments: numbers + comparisons + logic + texts + fields + syntax)
    func `a condition has this value, or fails with this code`(_ example: Case) throws {
        let result = Result { () throws(ExpressionError) in
            try Expression(example.text).value(ExpressionTests.lookUp)
        }
        switch (example.outcome, result) {
        case (.value(let text), .success(let value)):
            let expected = try Expression(text).value { _ in nil }
            #expect(value == expected || value.equals(expected), "\(value)")
            #expect(value.type == expected.type)
        case (.error(let code), .failure(let error)): #expect(error.code == code, "\(error)")
        case (_, .success(let value)): Issue.record("it is \(value)")
        case (_, .failure(let error)): Issue.record("\(error)")
        }
    }

    @Test func `there are 150 cases and more, and none twice`() {
        let all =
            ExpressionTests.numbers + ExpressionTests.comparisons + ExpressionTests.logic + ExpressionTests.texts
            + ExpressionTests.fields + ExpressionTests.syntax
        #expect(all.count >= 150 && Set(all.map(\.text)).count == all.count, "\(all.count)")
    }

    @Test(arguments: [
        ("inputs.age > 'x'", 12, "> does not take int and string"),
        ("1 + train.metrics.f1", 19, "there is no field train.metrics.f1"),
        ("skipped.x", 1, "skipped was skipped or has failed"),
        ("inputs.tags[7] == 'secret'", 12, "there is no element inputs.tags[7]"),
        ("inputs.tags[inputs.age]", 12, "there is no such element in inputs.tags"),
        ("inputs.nested['secret '] == 1", 14, "there is no field inputs.nested"),
        ("inputs.nested[inputs.name]", 14, "there is no such key in inputs.nested"),
        ("inputs.age.x.y", 12, "inputs.age is int, which has no fields, so no x"),
        ("has(inputs.age.x)", 1, "inputs.age is int, which has no fields, so no x"),
        ("inputs.age[0]", 11, "inputs.age is int, which has no elements"),
        ("!inputs.age", 9, "! needs a bool, inputs.age is int"),
        ("size(inputs.age)", 1, "size() takes a string, list or map, inputs.age is int"),
        ("\"\\ud83d\\ude00\"", 2, "is half of a surrogate pair; write \\U0001F600"),
        ("a == ", 6, "expected a value, found the end"), ("a = 1", 3, "compare by =="),
        ("inputs.name.all(x, true)", 13, "the macro all is not part of conditions"),
    ])
    func `a message names the column and what is missing, and no value`(text: String, column: Int, detail: String) {
        do throws(ExpressionError) {
            _ = try Expression(text).value(ExpressionTests.lookUp)
            Issue.record("it has a value")
        } catch {
            #expect(error.column == column && error.detail.contains(detail), "\(error)")
            #expect(!"\(error)".contains("secret'") && !"\(error)".contains("Ada"))
        }
    }

    @Test func `a condition is true or false`() throws {
        #expect(try Expression("inputs.age > 18").holds(ExpressionTests.lookUp))
        #expect(throws: ExpressionError.self) { try Expression("inputs.age").holds(ExpressionTests.lookUp) }
    }

    @Test func `length, depth and the size of results are bounded`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "(", count: depth) + "1" + String(repeating: ")", count: depth)
        }
        #expect(try Expression(nested(31)).value { _ in nil } == .int(1))
        for bad in [
            nested(32), String(repeating: "!", count: 33) + "true", String(repeating: "[", count: 2_000),
            Array(repeating: "a", count: 258).joined(separator: "."), "a" + String(repeating: "[0]", count: 257),
            Array(repeating: "1", count: 258).joined(separator: "+"), String(repeating: " ", count: 4_096) + "1",
            Array(repeating: "true", count: 300).joined(separator: "&&"),
        ] { #expect(throws: ExpressionError.self, "\(bad.prefix(9))") { try Expression(bad) } }
        #expect(try Expression(String(repeating: " ", count: 4_095) + "1").value { _ in nil } == .int(1))
        let long = ExpressionValue.string(String(repeating: "x", count: 40_000))
        let error = #expect(throws: ExpressionError.self) { try Expression("a + a").value { _ in .value(long) } }
        #expect(error?.code == .tooLong)
    }

    /// Both sides of `&&` and `||` are evaluated at most once.
    @Test(arguments: [("true && (", "1 / 0 == 1"), ("false || (", "1 / 0 == 1"), ("1 / 0 == 1 && (", "true")])
    func `an error deep within costs no more than its text`(open: String, inner: String) throws {
        let depth = 30
        let text = String(repeating: open, count: depth) + inner + String(repeating: ")", count: depth)
        let error = #expect(throws: ExpressionError.self) { try Expression(text).value { _ in nil } }
        #expect(error?.code == .divisionByZero)
    }

    /// Any text is read or refused, and any condition has a value or an error: nothing traps.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func `no text crashes`(seed: UInt64) {
        let words = [
            "inputs", "train", "skipped", ".", "[", "]", "(", ")", "has(", "size(", "+", "-", "*", "/", "%", "<", "==",
            "&&", "||", "!", "?", ":", "in", "1", "0", "9223372036854775807", "1.5", "\"a\"", "'", "\\", "true", "null",
            ",", "name", "tags", "age", " ", "x", "\u{301}",
        ]
        var state = seed
        func next(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        for _ in 0..<2_000 {
            let text = (0..<(1 + next(14))).map { _ in words[next(words.count)] }.joined()
            _ = try? Expression(text).value(ExpressionTests.lookUp)
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
