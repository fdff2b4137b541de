import Flows
import Model
import Testing

/// What is known of a condition's types before it runs: a mistake is what can never succeed, and nothing else.
@Suite struct ConditionTypeTests {
    /// Refused: the condition, the column, and what the message says.
    static let refused: [(text: String, column: Int, detail: String)] = [
        // Comparison.
        ("evaluate.metrics.auc >= 'x'", 22, ">= does not take number and string"),
        ("inputs.name < 1", 13, "< does not take string and integer"),
        ("inputs.tags > ['a']", 13, "> does not take list<string> and list"),
        ("inputs.source <= inputs.source", 15, "<= does not take Dataset and Dataset"),
        ("inputs.ok < 1", 11, "< does not take boolean and integer"),
        ("null < inputs.trees", 6, "< does not take null and integer"),
        ("inputs.after > 5", 14, "> does not take duration and integer"),
        // Arithmetic, which does not mix whole numbers and others.
        ("inputs.trees + 1.5 > 2", 14, "+ does not take integer and number"),
        ("1.5 * inputs.trees > 2", 5, "* does not take number and integer"),
        ("inputs.rate % 2.0 == 0", 13, "% does not take number and number"),
        ("inputs.name - 'x' == ''", 13, "- does not take string and string"),
        ("inputs.name + 1 == ''", 13, "+ does not take string and integer"),
        ("inputs.tags + 'x' == []", 13, "+ does not take list<string> and string"),
        ("inputs.trees / 0 > 1", 14, "by zero"), ("inputs.trees % 0 == 1", 14, "by zero"),
        ("-inputs.name == ''", 1, "- takes a number, inputs.name is string"),
        ("(inputs.rate % 2) + 1.5 > 0", 19, "+ does not take integer and number"),
        // Booleans.
        ("!inputs.trees", 2, "! takes a boolean, inputs.trees is integer"),
        ("inputs.trees && inputs.ok", 1, "&& takes a boolean, inputs.trees is integer"),
        ("inputs.ok || inputs.name", 14, "|| takes a boolean, inputs.name is string"),
        ("inputs.name ? true : false", 1, "?: takes a boolean, inputs.name is string"),
        ("inputs.trees", 1, "a condition is true or false, inputs.trees is integer"),
        ("inputs.trees + 1", 1, "a condition is true or false, this is integer"),
        ("inputs.ok ? 1 : 'x'", 1, "a condition is true or false, this is integer or string"),
        ("'a'", 1, "a condition is true or false, this is string"),
        ("inputs.source", 1, "a condition is true or false, inputs.source is Dataset"),
        // Fields, elements and functions.
        ("size(inputs.trees) > 1", 1, "size() takes a string, list or map, inputs.trees is integer"),
        ("inputs.ok.size() > 1", 11, "size() takes a string, list or map, inputs.ok is boolean"),
        ("1 in inputs.trees", 3, "in needs a list or a map, inputs.trees is integer"),
        ("'a' in inputs.name", 5, "in needs a list or a map, inputs.name is string"),
        ("inputs.tags[inputs.name] == ''", 12, "an index of list<string> is an integer, found string"),
        ("inputs.sizes[inputs.trees] == 1", 13, "an index of map<integer> is a string, found integer"),
        ("inputs.trees[inputs.trees] == 1", 13, "integer has no elements"),
        ("inputs.config[1.5] == 1", 14, "found number"), ("inputs.config[true] == 1", 14, "found boolean"),
        ("inputs.tags[-1] == ''", 12, "-1"),
        ("(inputs.ok ? 'a' : 'b').c == 1", 25, "string has no fields"),
        ("has((inputs.ok ? 'a' : 'b').c)", 1, "string has no fields"),
        ("[1, 2][0] == 1 && [1, 2][0] > 'x'", 29, "> does not take integer and string"),
        ("inputs.sizes['a'] > 'x'", 19, "> does not take integer and string"),
        ("inputs.tags[0] > 1", 16, "> does not take string and integer"),
        ("inputs.source.uri > 1", 19, "> does not take string and integer"),
        // Every one of several.
        ("!inputs.trees || inputs.name > 1", 2, "! takes a boolean"),
        ("!inputs.trees || inputs.name > 1", 30, "> does not take string and integer"),
    ]

    @Test(arguments: refused) func `what can never succeed is a mistake with its column and types`(
        text: String, column: Int, detail: String
    ) {
        let found = mistakes(when: text)
        #expect(
            found.contains {
                $0.pointer == "/steps/probe/when" && $0.detail.contains("column \(column): ")
                    && $0.detail.contains(detail)
            }, "\(found)")
    }

    @Test(arguments: [
        "evaluate.metrics.auc >= 0.8", "evaluate.metrics.auc >= 1", "inputs.trees > 1.5", "inputs.rate + 1 > 2",
        "inputs.rate + 1.5 > 2", "inputs.rate * inputs.trees > 1", "inputs.rate % 2 == 0", "-inputs.rate < 0",
        "inputs.rate / inputs.rate > 0", "inputs.rate / 0.0 > 1", "inputs.trees % 2 == 0", "inputs.trees + 1 > 2",
        "inputs.config", "!inputs.config", "inputs.config.a.b > 1", "inputs.config + 1 > 1", "size(inputs.config) > 1",
        "inputs.config[inputs.trees] == 1", "inputs.config[inputs.name] == 1", "'a' in inputs.config",
        "inputs.config < 'x' || inputs.config < 1", "-inputs.config > 1", "inputs.ok", "!inputs.ok",
        "inputs.ok && inputs.trees > 1", "inputs.name == 1", "inputs.trees != 'x'", "null == inputs.name",
        "size(inputs.name) > 1", "inputs.tags.size() > 0", "size(inputs.sizes) > 1", "size(evaluate.metrics) > 0",
        "size(inputs.source) > 1", "1 in [1]", "1 in inputs.sizes", "'a' in inputs.tags", "'auc' in evaluate.metrics",
        "inputs.tags[inputs.trees] == 'a'", "inputs.sizes[inputs.name] > 1", "inputs.tags + ['x'] == []",
        "inputs.name + 'x' > 'y'", "inputs.after == '1h'", "inputs.source.uri > 's3'",
        "(inputs.ok ? 1 : 1.5) + 1.5 > 2",
        "(inputs.ok ? inputs.ok : inputs.config)", "inputs.ok < true", "[1, 'x'][inputs.trees] > 1",
        "[][inputs.trees] > 1",
        "has(inputs.config.a) && inputs.config.a", "(inputs.ok ? inputs.config : 1).c > 1", "[inputs.trees][0] + 1 > 2",
        "has(evaluate.evaluation) && has(evaluate.evaluation.digest) && evaluate.evaluation.digest != ''",
    ]) func `what may succeed is none`(text: String) {
        #expect(mistakes(when: text) == [])
    }
}
