import Model

/// Rows as aligned columns.
enum Table {
    static func print(_ items: [JSON], _ columns: [String]) {
        var rows = [columns.map { $0.uppercased() }]
        for item in items { rows.append(columns.map { text(item[$0]) }) }
        let widths = columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
            }
            Swift.print(line)
        }
    }

    private static func text(_ value: JSON?) -> String {
        switch value {
        case nil, .null: "-"
        case .string(let text): text
        case .array(let elements): String(elements.count)
        case let value?: value.description
        }
    }
}
