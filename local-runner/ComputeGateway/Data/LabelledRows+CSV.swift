extension LabelledRows {
    /// Reads a CSV with a header: first the column `customer`, last `churned` (0 or 1), numbers between them.
    ///
    /// - Parameter place: the file, for messages.
    init(csv bytes: [UInt8], place: String) throws(GatewayError) {
        var reader = CSVReader(bytes)
        do {
            self = try LabelledRows.read(&reader)
        } catch {
            throw GatewayError(error.code, "\(place): \(error.message)")
        }
    }

    private static func read(_ reader: inout CSVReader) throws(GatewayError) -> LabelledRows {
        let header = try reader.next() ?? []
        try check(header)
        var rows = LabelledRows(features: Array(header.dropFirst().dropLast()))
        while let cells = try reader.next() {
            guard let numbers = numbers(cells, header), let label = numbers.last else {
                rows.dropped += 1
                continue
            }
            // Numbers beside 0 and 1 are no missing values: somebody means another label.
            guard label == 0 || label == 1 else {
                throw .user("line \(reader.line): \(LabelledRows.label) is \(cells.last ?? ""): expected 0 or 1")
            }
            rows.append(customer: cells[0], values: numbers.dropLast(), label: label == 1)
        }
        return rows
    }

    private static func check(_ header: [String]) throws(GatewayError) {
        let wanted = "the header \(customer),…,\(label)"
        guard !header.isEmpty else { throw .user("the file is empty: expected \(wanted) and a row per customer") }
        guard header.last == label else {
            throw .user("line 1: the last column is not \(label), which is the label: expected \(wanted)")
        }
        guard header.first == customer else {
            throw .user("line 1: the first column is not \(customer), by which rows are split: expected \(wanted)")
        }
        guard header.count > 2 else {
            throw .user("line 1: there is no column between \(customer) and \(label): add the features to learn from")
        }
        guard Set(header).count == header.count else {
            throw .user("line 1: two columns have the same name: rename one")
        }
    }

    /// The cells behind the first; nil if one of all is empty or missing, or if one behind the first is no number.
    private static func numbers(_ cells: [String], _ header: [String]) -> [Double]? {
        guard cells.count == header.count, !cells[0].isEmpty else { return nil }
        var numbers: [Double] = []
        numbers.reserveCapacity(cells.count - 1)
        for cell in cells.dropFirst() {
            guard let number = Double(cell), number.isFinite else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    /// The rows as such a CSV. Numbers are written so that reading gives the same.
    var csv: [UInt8] {
        var text = ([LabelledRows.customer] + features + [LabelledRows.label]).map(LabelledRows.quoted)
            .joined(separator: ",")
        text += "\n"
        for index in labels.indices {
            text += LabelledRows.quoted(customers[index])
            for value in row(index) { text += ",\(value)" }
            text += labels[index] ? ",1\n" : ",0\n"
        }
        return Array(text.utf8)
    }

    private static func quoted(_ cell: String) -> String {
        guard cell.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return cell }
        return "\"\(cell.replacing("\"", with: "\"\""))\""
    }
}
