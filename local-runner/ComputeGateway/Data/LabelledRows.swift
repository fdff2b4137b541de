/// Customers with their features, and whether each has churned.
struct LabelledRows: Equatable, Sendable {
    /// The names of the columns between the customer and the label.
    var features: [String]
    var customers: [String] = []
    /// Row by row, each with a number per feature.
    var values: [Double] = []
    var labels: [Bool] = []
    /// How many rows of the source were left out for an empty, missing or non-numeric cell.
    var dropped = 0

    static let customer = "customer"
    static let label = "churned"

    var count: Int { labels.count }
    /// How many have churned.
    var positives: Int { labels.count { $0 } }
    var hasBothClasses: Bool { positives > 0 && positives < count }

    /// The features of a row.
    func row(_ index: Int) -> ArraySlice<Double> { values[(index * features.count)..<((index + 1) * features.count)] }

    mutating func append(customer: String, values: some Sequence<Double>, label: Bool) {
        customers.append(customer)
        self.values.append(contentsOf: values)
        labels.append(label)
    }

    /// The same rows without some features; names that there are not do nothing.
    func without(_ names: Set<String>) -> LabelledRows {
        let kept = features.indices.filter { !names.contains(features[$0]) }
        var result = LabelledRows(features: kept.map { features[$0] })
        result.dropped = dropped
        for index in labels.indices {
            let row = row(index)
            let values = kept.map { row[row.startIndex + $0] }
            result.append(customer: customers[index], values: values, label: labels[index])
        }
        return result
    }
}
