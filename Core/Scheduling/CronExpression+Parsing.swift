import Model

extension CronExpression {
    /// Reads a cron expression of 5 (unix only), 6 (seconds first) or 7 fields (years last), or a macro like `@daily`.
    ///
    /// - Parameters:
    ///   - dialect: unix by default.
    ///   - seed: what `H` is derived from, `ScheduleIdentity.seed`.
    /// - Throws: what is wrong, with its field and column.
    package init(_ text: String, dialect: Dialect = .unix, seed: UInt64 = 0) throws(CronError) {
        do throws(CronError) {
            try self.init(parsing: text, dialect: dialect, seed: seed)
        } catch {
            throw error.quoting(text)
        }
    }

    private init(parsing text: String, dialect: Dialect, seed: UInt64) throws(CronError) {
        let parser = CronParser(dialect: dialect, seed: seed)
        let fields = try parser.fields(text)
        func bits(_ field: CronField) throws(CronError) -> UInt64 {
            try parser.values(fields[field.rawValue]).reduce(0) { $0 | 1 << UInt64($1) }
        }
        self.text = text
        self.dialect = dialect
        seconds = try bits(.seconds)
        minutes = try bits(.minutes)
        hours = UInt32(try bits(.hours))
        days = try parser.days(month: fields[CronField.dayOfMonth.rawValue], week: fields[CronField.dayOfWeek.rawValue])
        months = UInt16(try bits(.months))
        let years = fields[CronField.years.rawValue]
        self.years = years.text == "*" ? [] : try parser.values(years).sorted().map { UInt16($0) }
        hasSeconds = CronParser.words(text).count > 5
        runsByElapsedTime = [CronField.minutes, .hours].contains { field in
            fields[field.rawValue].text.hasPrefix("*") || fields[field.rawValue].text.hasPrefix("/")
                || fields[field.rawValue].text.hasPrefix("H/")
        }
    }
}
