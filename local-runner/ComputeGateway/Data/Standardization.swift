/// Moves and scales each feature so that the rows it was measured on have mean 0 and standard deviation 1 (of the whole,
/// not of a sample). A feature that is the same everywhere becomes 0.
struct Standardization: Equatable, Sendable {
    var means: [Double]
    var deviations: [Double]

    /// Measures rows, of which there is at least one.
    init(measuring rows: LabelledRows) {
        let width = rows.features.count
        let count = Double(rows.count)
        means = [Double](repeating: 0, count: width)
        var squares = means
        for (index, value) in rows.values.enumerated() { means[index % width] += value / count }
        for (index, value) in rows.values.enumerated() {
            let distance = value - means[index % width]
            squares[index % width] += distance * distance / count
        }
        deviations = squares.map { $0.squareRoot() }
    }

    func applied(to rows: LabelledRows) -> LabelledRows {
        var result = rows
        let width = rows.features.count
        for index in result.values.indices {
            let feature = index % width
            let distance = result.values[index] - means[feature]
            // What differs by less than rounding does is the same.
            let isSame = deviations[feature] <= abs(means[feature]) * 1e-12
            result.values[index] = isSame ? 0 : distance / deviations[feature]
        }
        return result
    }
}
