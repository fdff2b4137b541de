import Model

/// Parses the text of a cron expression.
///
/// Fields follow Vixie's cron (crontab(5)) and Quartz's CronExpression; `H` follows Jenkins. Ranges wrap (`22-2`),
/// `a/n` runs from a to the end of the field, and a `*` with a step counts as unrestricted when the day fields are
/// combined, as in cron.
struct CronParser {
    /// A part of the text, in capitals, and where it starts.
    struct Token {
        var text: Substring
        /// From 1.
        var column: Int
        var field: CronField?

        func failure(_ detail: String) -> CronError {
            CronError(field: field?.name, token: String(text), column: column, detail: detail)
        }

        /// The parts between separators, each with its own column.
        func split(_ separator: Character, maximum: Int = .max) -> [Token] {
            var column = column
            return text.split(separator: separator, maxSplits: maximum, omittingEmptySubsequences: false).map { part in
                defer { column += part.utf8.count + 1 }
                return Token(text: part, column: column, field: field)
            }
        }
    }

    let dialect: CronExpression.Dialect
    /// What `H` derives its values from.
    let seed: UInt64

    /// All seven fields from second to year, those left out filled in.
    func fields(_ text: String) throws(CronError) -> [Token] {
        let given = CronParser.words(text)
        if let first = given.first, let name = ["CRON_TZ=", "TZ="].first(where: { first.text.hasPrefix($0) }) {
            let start = text.utf8.index(text.startIndex, offsetBy: first.column - 1 + name.utf8.count)
            let zone = text[start...].prefix { !$0.isWhitespace }.filter { $0 != "\"" && $0 != "'" }
            throw first.failure("the time zone stands beside the expression: \"timeZone\": \"\(zone)\"")
        }
        if let first = given.first, first.text.hasPrefix("@") {
            guard given.count == 1, let long = try macro(first) else {
                throw first.failure("known are \(CronParser.macros.map(\.name).joined(separator: ", "))")
            }
            return try fields(long)
        }
        let least = dialect == .unix ? 5 : 6
        guard (least...7).contains(given.count) else {
            let needed =
                dialect == .unix ? "5, 6 (seconds first) or 7 (years last)" : "6 (seconds first) or 7 (years last)"
            throw CronError(
                field: nil, token: text, column: 1, detail: "has \(given.count) fields; \(needed) are needed")
        }
        var fields = given
        if fields.count == 5 { fields.insert(Token(text: "0", column: 1), at: 0) }
        if fields.count == 6 { fields.append(Token(text: "*", column: text.utf8.count)) }
        for field in CronField.allCases { fields[field.rawValue].field = field }
        return fields
    }

    /// The parts between blanks (spaces, tabs, line ends), in capitals.
    static func words(_ text: String) -> [Token] {
        var words: [Token] = []
        var column = 1
        // Only ASCII letters are capitalised, so that columns stay the same.
        let capitals = String(decoding: text.utf8.map { (97...122).contains($0) ? $0 - 32 : $0 }, as: UTF8.self)
        for part in capitals.utf8.split(
            omittingEmptySubsequences: false, whereSeparator: { [9, 10, 13, 32].contains($0) })
        {
            if !part.isEmpty { words.append(Token(text: Substring(part), column: column)) }
            column += part.count + 1
        }
        return words
    }

    private static let macros: [(name: String, fields: String)] = [
        ("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"),
    ]

    private func macro(_ token: Token) throws(CronError) -> String? {
        let name = token.text.lowercased()
        if name == "@reboot" {
            throw token.failure("nothing restarts here: fire the schedule after a start, or name a time")
        }
        if name == "@every" { throw token.failure("write {\"every\": …} for elapsed time") }
        guard let fields = CronParser.macros.first(where: { $0.name == name })?.fields else { return nil }
        guard dialect == .quartz else { return fields }
        return name == "@weekly" ? "0 0 0 ? * 1" : "0 " + fields.dropLast() + "?"
    }

    /// The values of a field, without the special forms of day fields.
    func values(_ token: Token) throws(CronError) -> Set<Int> {
        var values: Set<Int> = []
        for item in token.split(",") { values.formUnion(try self.values(item: item)) }
        return values
    }

    /// The values of one item of a list: `*`, `5`, `5-10`, `H`, each with an optional step.
    func values(item: Token) throws(CronError) -> [Int] {
        let parts = item.split("/", maximum: 1)
        let range = item.field!.values(dialect)
        let step = parts.count == 2 ? try self.step(parts[1]) : nil
        let base = parts[0]
        if base.text.hasPrefix("H") { return try hashed(base, step: step) }
        if base.text.contains("~") { return try random(base, step: step) }
        // Quartz reads `/5` as `*/5`.
        if base.text == "*" || base.text.isEmpty && step != nil && dialect == .quartz {
            return Array(stride(from: range.lowerBound, through: range.upperBound, by: step ?? 1))
        }
        let ends = base.split("-", maximum: 1)
        let first = try number(ends[0])
        guard ends.count == 2 else {
            // `5/15` begins at 5; Sunday written as 7 is day 0.
            let start = range.contains(first) ? first : range.lowerBound
            return Array(stride(from: start, through: step == nil ? start : range.upperBound, by: step ?? 1))
        }
        var last = try number(ends[1])
        if last < first {
            guard item.field != .years else { throw item.failure("years do not wrap around") }
            last += range.count
        }
        return stride(from: first, through: last, by: step ?? 1).map {
            ($0 - range.lowerBound) % range.count + range.lowerBound
        }
    }

    func number(_ token: Token) throws(CronError) -> Int {
        let field = token.field!
        if let value = field.named(token.text, dialect) { return value }
        let range = field.accepted(dialect)
        let isNumber = !token.text.isEmpty && token.text.utf8.allSatisfy { (48...57).contains($0) }
        guard isNumber, let value = Int(token.text) else {
            throw token.failure("expected a number from \(range.lowerBound) to \(range.upperBound)\(names(field))")
        }
        guard range.contains(value) else {
            throw token.failure("is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }

    private func names(_ field: CronField) -> String {
        switch field {
        case .months: " or JAN to DEC"
        case .dayOfWeek: " or SUN to SAT"
        default: ""
        }
    }

    /// A step may be longer than its field: then it names only the first value, as in every cron.
    private func step(_ token: Token) throws(CronError) -> Int {
        let isNumber = !token.text.isEmpty && token.text.utf8.allSatisfy { (48...57).contains($0) }
        guard isNumber, let step = Int(token.text), step > 0 else {
            throw token.failure("expected a step of 1 or more")
        }
        return min(step, CronParser.longestStep)
    }

    /// Longer than any field.
    private static let longestStep = 10_000

    /// `5~15`, `~15`, `5~`, `~`: cronie's random value within a range, here the schedule's own as with `H(5-15)`.
    private func random(_ token: Token, step: Int?) throws(CronError) -> [Int] {
        let field = token.field!
        guard field != .years else { throw token.failure("a year cannot be random") }
        let ends = token.split("~", maximum: 1)
        let all = field.values(dialect)
        let first = ends[0].text.isEmpty ? all.lowerBound : try number(ends[0])
        let last = ends[1].text.isEmpty ? all.upperBound : try number(ends[1])
        guard first <= last else { throw token.failure("a random range does not wrap around") }
        return try hashed(within: first...last, token, step: step)
    }

    /// `H`, `H(0-29)`, `H/15`, `H(0-29)/10`.
    private func hashed(_ token: Token, step: Int?) throws(CronError) -> [Int] {
        let field = token.field!
        guard field != .years else { throw token.failure("a year cannot be H") }
        var range = field.values(dialect)
        // Every month has days 1 to 28.
        if field == .dayOfMonth { range = 1...28 }
        if token.text != "H" {
            guard token.text.hasPrefix("H("), token.text.hasSuffix(")") else {
                throw token.failure("expected H or H(from-to)")
            }
            let inner = Token(text: token.text.dropFirst(2).dropLast(), column: token.column + 2, field: field)
            let ends = inner.split("-", maximum: 1)
            guard ends.count == 2 else { throw inner.failure("expected a range, such as 0-29") }
            let (first, last) = (try number(ends[0]), try number(ends[1]))
            guard first <= last else { throw inner.failure("a range of H does not wrap around") }
            range = first...last
        }
        return try hashed(within: range, token, step: step)
    }

    private func hashed(within range: ClosedRange<Int>, _ token: Token, step: Int?) throws(CronError) -> [Int] {
        let field = token.field!
        if let step, step > range.count {
            throw token.failure("the step is longer than the range, which has \(range.count) values")
        }
        var hash = StableHash(seed: seed)
        hash.combine(UInt64(field.rawValue))
        let own = range.lowerBound + Int(hash.value % UInt64(step ?? range.count))
        let all = field.values(dialect)
        return stride(from: own, through: step == nil ? own : range.upperBound, by: step ?? 1).map {
            ($0 - all.lowerBound) % all.count + all.lowerBound
        }
    }
}
