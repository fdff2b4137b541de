import Flows
import Foundation
import Model
import Testing

/// Nothing that is accepted overflows the smallest stack that a task or thread has.
@Suite struct StackTests {
    /// The texts nest as deep as is accepted: each is shortened until it can be read.
    private static let texts: [(name: String, make: @Sendable (Int) -> String)] = [
        ("parentheses", { String(repeating: "(", count: $0) + "true" + String(repeating: ")", count: $0) }),
        ("negations", { String(repeating: "!", count: $0) + "true" }),
        ("minuses", { String(repeating: "- ", count: $0) + "a" }),
        ("lists", { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }),
        ("indexes", { "a" + String(repeating: "[0]", count: $0) }),
        ("nested indexes", { String(repeating: "a[", count: $0) + "0" + String(repeating: "]", count: $0) }),
        ("fields", { "a" + String(repeating: ".b", count: $0) }),
        ("has", { "has(a" + String(repeating: ".b", count: $0) + ")" }),
        ("sizes", { String(repeating: "size(", count: $0) + "a" + String(repeating: ")", count: $0) }),
        ("methods", { "a" + String(repeating: ".size()", count: $0) }),
        ("conjunctions", { Array(repeating: "a", count: $0 + 1).joined(separator: "&&") }),
        ("disjunctions", { Array(repeating: "a", count: $0 + 1).joined(separator: "||") }),
        ("sums", { Array(repeating: "1", count: $0 + 1).joined(separator: "+") }),
        ("comparisons", { Array(repeating: "1", count: $0 + 1).joined(separator: "<") }),
        ("choices", { String(repeating: "a?b:", count: $0) + "c" }),
        ("nested choices", { String(repeating: "(a?", count: $0) + "b" + String(repeating: ":c)", count: $0) }),
        (
            "six ranks",
            { count in
                ["[0]", "*1", "+1", "<1", "&&a", "||a"].reduce("a") { $0 + String(repeating: $1, count: count) }
            }
        ),
        (
            "ranks within parentheses",
            { count in
                (0..<count).reduce("a") { text, _ in "(\(text)\(String(repeating: ".b", count: 50)))&&a||a" }
            }
        ),
        (
            "conjunctions of nested right sides",
            { String(repeating: "a&&(", count: $0) + "a" + String(repeating: ")", count: $0) }
        ),
    ]

    @Test(arguments: texts.indices) func `the deepest text of each kind`(index: Int) async throws {
        let make = StackTests.texts[index].make
        let depth = (1...100).last { (try? Expression(make($0))) != nil }
        let text = make(try #require(depth))
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            let thread = Thread {
                if let expression = try? Expression(text) {
                    for value in [
                        ExpressionValue.bool(true), .bool(false), .int(1), .list([.int(0)]), .map(["b": .int(1)]),
                    ] {
                        _ = try? expression.value { _ in .value(value) }
                    }
                    _ = try? expression.value { _ in .absent }
                    _ = expression.hashValue
                    _ = mistakes(when: text)
                }
                done.resume()
            }
            thread.stackSize = 512 << 10
            thread.start()
        }
    }
}
