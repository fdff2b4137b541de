import Model
import Testing

@testable import ComputeGateway

@Suite struct ComputeGatewayDataTests {
    private static let header = "customer,a,b,churned\n"

    private func rows(_ text: String) throws -> LabelledRows { try LabelledRows(csv: Array(text.utf8), place: "x.csv") }

    private func records(_ text: String) throws -> [[String]] {
        var reader = CSVReader(Array(text.utf8))
        var records: [[String]] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    @Test(arguments: [
        ("a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]]), ("a,b\nc,d", [["a", "b"], ["c", "d"]]),
        ("\u{FEFF}a,\n\n,b\n", [["a", ""], ["", "b"]]), (#""a,""b""",c"# + "\n", [[#"a,"b""#, "c"]]),
        ("\"a\nb\",c\nd,e", [["a\nb", "c"], ["d", "e"]]), ("", []), ("a\rb,c\n", [["a\rb", "c"]]),
    ])
    func `a CSV is read by RFC 4180`(text: String, expected: [[String]]) throws {
        #expect(try records(text) == expected)
    }

    @Test(arguments: [
        ("a\n\"b", "line 2: a quote is not closed"), ("a\r\nb\r\n\"c", "line 3: a quote"),
        ("\"a\nb\"c,d\n", "line 1: text follows"),
    ])
    func `a broken quote is named with its line`(text: String, message: String) {
        let error = #expect(throws: GatewayError.self) { try records(text) }
        #expect(error?.code == .user && error?.message.contains(message) == true, "\(error as Any)")
    }

    @Test func `rows with an empty, missing, surplus or non-numeric cell are dropped and counted`() throws {
        let rows = try rows(
            Self.header + "c1,1,2,1\nc2,,2,0\nc3,x,2,0\nc4,1,2\nc5,1,2,0,9\n,1,2,0\nc6,nan,2,0\nc7,-1.5,2e3,0\n")
        #expect(rows.customers == ["c1", "c7"] && rows.values == [1, 2, -1.5, 2_000] && rows.labels == [true, false])
        #expect(rows.features == ["a", "b"] && rows.dropped == 6)
    }

    @Test(arguments: [
        ("", "the file is empty"), ("customer,a,b\nc,1,2\n", "last column is not churned"),
        ("name,a,churned\nc,1,1\n", "first column is not customer"), ("customer,churned\nc,1\n", "no column between"),
        ("customer,a,a,churned\nc,1,1,1\n", "same name"), ("customer,a,churned\nc,1,1\nd,1,2\n", "line 3"),
    ])
    func `a table that cannot be learnt from is refused with its place`(text: String, message: String) {
        let error = #expect(throws: GatewayError.self) { try rows(text) }
        #expect(error?.code == .user && error?.message.hasPrefix("x.csv: ") == true)
        #expect(error?.message.contains(message) == true, "\(error as Any)")
    }

    @Test func `rows written as a CSV are read as the same`() throws {
        var written = LabelledRows(features: ["a", "b,\"c\""])
        written.append(customer: "x, \"y\"\nz", values: [0.1, -1e-17], label: true)
        written.append(customer: "é", values: [1.0 / 3, 12], label: false)
        #expect(try LabelledRows(csv: written.csv, place: "") == written)
    }

    @Test func `a customer is always on the same side of the split, four of five to learn from`() throws {
        var rows = LabelledRows(features: ["a"])
        for number in 0..<2_000 { rows.append(customer: "c-\(number % 1_000)", values: [0], label: number % 2 == 0) }
        let (dataset, holdout) = CustomerSplit.parts(of: rows)
        #expect(dataset.count + holdout.count == 2_000)
        #expect(Set(dataset.customers).isDisjoint(with: holdout.customers))
        #expect((760...840).contains(Set(dataset.customers).count))
        // The hash is part of the format: SHA-256 of the name, its first eight bytes, modulo 100.
        #expect(CustomerSplit.isForTraining("acme-0001") && !CustomerSplit.isForTraining("acme-0015"))
    }

    @Test func `standardised features have mean 0 and deviation 1, and a constant one becomes 0`() {
        var rows = LabelledRows(features: ["a", "b"])
        for value in [2.0, 4, 4, 4, 5, 5, 7, 9] { rows.append(customer: "c", values: [value, 0.1], label: true) }
        let scaling = Standardization(measuring: rows)
        #expect(scaling.means[0] == 5 && scaling.deviations[0] == 2)
        let scaled = scaling.applied(to: rows)
        #expect(scaled.row(0) == [-1.5, 0] && scaled.row(7).first == 2 && scaled.row(7).last == 0)
    }

    @Test func `a separable set is learnt without a mistake, and the loss falls in every epoch`() {
        var rows = LabelledRows(features: ["a", "b"])
        for number in 0..<40 {
            let value = Double(number) - 19.5
            rows.append(customer: "c\(number)", values: [value / 10, Double(number % 3) - 1], label: value > 0)
        }
        var fit = LogisticFit(rows, .init(epochs: 300, learningRate: 0.5, l2: 0))
        var losses = [fit.loss]
        for _ in 0..<300 {
            fit.runEpoch()
            losses.append(fit.loss)
        }
        #expect(abs(losses[0] - 0.693147) < 1e-6, "the log of 2 before the first epoch")
        #expect(zip(losses, losses.dropFirst()).allSatisfy { $0 > $1 })
        let scores = rows.labels.indices.map { fit.model.probability(rows.row($0)) }
        #expect(Judgement.accuracy(scores: scores, labels: rows.labels) == 1)
        #expect(Judgement.areaUnderCurve(scores: scores, labels: rows.labels) == 1)
        #expect(fit.model.coefficients[0] > 3 * abs(fit.model.coefficients[1]))
    }

    @Test func `the first epoch goes down the gradient, the penalty included from the second`() {
        var rows = LabelledRows(features: ["a"])
        rows.append(customer: "c", values: [2], label: true)
        rows.append(customer: "d", values: [-1], label: false)
        var fit = LogisticFit(rows, .init(epochs: 2, learningRate: 0.1, l2: 1))
        fit.runEpoch()
        // Errors are -1/2 and 1/2, so the slopes are 0 and (-1/2 · 2 + 1/2 · -1) / 2 = -3/4.
        #expect(fit.model.intercept == 0 && abs(fit.model.coefficients[0] - 0.075) < 1e-15)
        fit.runEpoch()
        // The slope is 0.075 for the penalty, plus (2 (s(0.15) - 1) - s(-0.075)) / 2 = -0.703200
        #expect(abs(fit.model.coefficients[0] - 0.1378200) < 1e-6, "\(fit.model)")
    }

    @Test(
        arguments: [
            ([0.1, 0.4, 0.35, 0.8], [false, false, true, true], 0.75), ([1, 2, 3, 4], [false, false, true, true], 1),
            ([4, 3, 2, 1], [false, false, true, true], 0), ([1, 1, 1, 1], [true, false, true, false], 0.5),
            // Positives 3 and 2, negatives 2, 1 and 3: won 2 + 1, tied 1 + 1 of 6.
            ([3, 2, 2, 1, 3], [true, true, false, false, false], 4.0 / 6),
            ([1, 2], [true, true], nil), ([1, 2], [false, false], nil), ([], [], nil),
        ] as [([Double], [Bool], Double?)])
    func `the area under the curve counts a tie one half`(scores: [Double], labels: [Bool], area: Double?) throws {
        let found = Judgement.areaUnderCurve(scores: scores, labels: labels)
        #expect((found == nil) == (area == nil))
        if let area { #expect(abs(try #require(found) - area) < 1e-12) }
    }

    @Test func `a model is read as it was written, and a broken one is refused`() throws {
        let model = LogisticModel(features: ["a", "b"], intercept: 0.1, coefficients: [-1.0 / 3, 2e-9])
        #expect(try LogisticModel(json: model.json.serialized, place: "m") == model)
        let broken = [
            "", "{}", model.json.description.replacing("logistic", with: "linear"),
            model.json.description.replacing(#"["a","b"]"#, with: #"["a"]"#),
            model.json.description.replacing("0.1", with: "null"),
        ]
        for text in broken {
            let error = #expect(throws: GatewayError.self) { try LogisticModel(json: Array(text.utf8), place: "m") }
            #expect(error?.code == .user && error?.message.hasPrefix("m is ") == true)
        }
    }

    @Test(
        arguments: [
            ("file:///a/b%20c.csv", "/a/b c.csv"), ("file://localhost/a", "/a"), ("file:///a/../../b/./c//d", "/b/c/d"),
            ("file:///a/%2e%2e/b", "/b"), ("file://elsewhere/a", nil), ("http://a/b", nil), ("/a/b", nil),
            ("file:///a%zz", nil), ("file:///a%00", nil), ("file:///a?b", nil), ("file:///a%", nil),
        ] as [(String, String?)])
    func `a file URI names an absolute path`(uri: String, path: String?) {
        #expect(FileURI.path(uri) == path)
    }

    @Test func `the URI of a path names it`() {
        for path in ["/a b/ä?#%.csv", "/tmp/x-1_2.json"] { #expect(FileURI.path(FileURI.text(path)) == path) }
    }
}
