import Testing

@testable import Scheduling

@Suite struct CronErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var dialect = CronExpression.Dialect.unix
        var field: String?
        var token: String
        var column: Int
        var testDescription: String { text }
    }

    @Test(arguments: [
        Case(text: "61 * * * *", field: "minute", token: "61", column: 1),
        Case(text: "0 24 * * *", field: "hour", token: "24", column: 3),
        Case(text: "0  1,x * * *", field: "hour", token: "x", column: 6),
        Case(text: "0 0 0 * *", field: "day-of-month", token: "0", column: 5),
        Case(text: "0 0 * 13 *", field: "month", token: "13", column: 7),
        Case(text: "0 0 * JANUARY *", field: "month", token: "JANUARY", column: 7),
        Case(text: "0 0 * * 8", field: "day-of-week", token: "8", column: 9),
        Case(text: "0 0 * * 6#6", field: "day-of-week", token: "6", column: 11),
        Case(text: "0 0 * * L", field: "day-of-week", token: "L", column: 9),
        Case(text: "0 0 L-31 * *", field: "day-of-month", token: "L-31", column: 5),
        Case(text: "0 0 L-31W * *", field: "day-of-month", token: "L-31W", column: 5),
        Case(text: "0 0 32W * *", field: "day-of-month", token: "32", column: 5),
        Case(text: "*/0 * * * *", field: "minute", token: "0", column: 3),
        Case(text: "*/x * * * *", field: "minute", token: "x", column: 3),
        Case(text: "/5 * * * *", field: "minute", token: "", column: 1),
        Case(text: "50~70 * * * *", field: "minute", token: "70", column: 4),
        Case(text: "\t0\t24 * * *", field: "hour", token: "24", column: 4),
        Case(text: "CRON_TZ=Europe/Berlin 0 5 * * *", token: "CRON_TZ=Europe/Berlin", column: 1),
        Case(text: " TZ=UTC 0 5 * * *", token: "TZ=UTC", column: 2),
        Case(text: "5- * * * *", field: "minute", token: "", column: 3),
        Case(text: "1,,2 * * * *", field: "minute", token: "", column: 3),
        Case(text: "-5 * * * *", field: "minute", token: "", column: 1),
        Case(text: "+5 * * * *", field: "minute", token: "+5", column: 1),
        Case(text: "? * * * *", field: "minute", token: "?", column: 1),
        Case(text: "0 0 ?,1 * *", field: "day-of-month", token: "?", column: 5),
        Case(text: "H(5) * * * *", field: "minute", token: "5", column: 3),
        Case(text: "H(50-70) * * * *", field: "minute", token: "70", column: 6),
        Case(text: "H(0-9)/20 * * * *", field: "minute", token: "H(0-9)", column: 1),
        Case(text: "0 0 0 1 1 * 1969", field: "year", token: "1969", column: 13),
        Case(text: "0 0 0 1 1 * 2030-2020", field: "year", token: "2030-2020", column: 13),
        Case(text: "* * * *", token: "* * * *", column: 1),
        Case(text: "", token: "", column: 1),
        Case(text: "@every 1h", token: "@every", column: 1),
        Case(text: "@reboot", token: "@reboot", column: 1),
        Case(text: "* * * * *", dialect: .quartz, token: "* * * * *", column: 1),
        Case(text: "0 0 0 * * *", dialect: .quartz, field: "day-of-week", token: "*", column: 11),
        Case(text: "0 0 0 ? * ?", dialect: .quartz, field: "day-of-week", token: "?", column: 11),
        Case(text: "0 0 0 ? * 0", dialect: .quartz, field: "day-of-week", token: "0", column: 11),
    ]) func `names the field, the token and the column of a mistake`(_ example: Case) {
        #expect {
            try CronExpression(example.text, dialect: example.dialect)
        } throws: { error in
            guard let error = error as? CronError else { return false }
            return error.field == example.field && error.token == example.token && error.column == example.column
        }
    }

    @Test func `a time zone before the expression is told where it belongs`() {
        #expect {
            try CronExpression("CRON_TZ=Europe/Berlin  0 5 * * *")
        } throws: { "\($0)".contains(#""timeZone": "Europe/Berlin""#) }
    }

    @Test func `says what is wrong in words`() {
        #expect {
            try CronExpression("0 25 * * *")
        } throws: { "\($0)" == "hour \"25\" at column 3: is not between 0 and 23" }
    }
}
