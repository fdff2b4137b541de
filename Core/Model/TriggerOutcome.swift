/// What became of one attempt, or of a trigger without one: a line on the `outcomes` queue.
///
/// Lines, because a settlement joins those of the leases that still held, and a queue writes one itself when a message dies
/// without its holder (`BurialNotice`).
package struct TriggerOutcome: Hashable, Sendable {
    package var id: Identifier
    package var redrive: Int
    /// From 1; 0: no call was made.
    package var attempt: Int
    /// `queued`: the trigger goes on.
    package var state: TriggerState
    /// Host time of the call's start.
    package var startedAt: Timestamp?
    package var durationMilliseconds: Int?
    /// The HTTP status, where there was an answer.
    package var status: Int?
    /// First start minus planned time.
    package var latenessMilliseconds: Int?
    package var reason: String?
    /// The first bytes of the answer.
    package var body: [UInt8]

    package init(
        id: Identifier, redrive: Int, attempt: Int, state: TriggerState, startedAt: Timestamp? = nil,
        durationMilliseconds: Int? = nil, status: Int? = nil, latenessMilliseconds: Int? = nil, reason: String? = nil,
        body: [UInt8] = []
    ) {
        self.id = id
        self.redrive = redrive
        self.attempt = attempt
        self.state = state
        self.startedAt = startedAt
        self.durationMilliseconds = durationMilliseconds
        self.status = status
        self.latenessMilliseconds = latenessMilliseconds
        self.reason = reason
        self.body = body
    }

    /// `1 done id redrive attempt state started-µs duration-ms status lateness-ms reason body`, separated by tabs, ended by
    /// a line feed. Tab, line feed, backslash and NUL are escaped as `\t \n \\ \0`; an absent field is empty.
    package func write(into line: inout [UInt8]) {
        line.append(contentsOf: "1\tdone\t".utf8)
        line.append(contentsOf: id.description.utf8)
        for number in [redrive, attempt, state.rawValue] { field(number, into: &line) }
        field(startedAt?.microseconds, into: &line)
        for number in [durationMilliseconds, status, latenessMilliseconds] { field(number, into: &line) }
        line.append(UInt8(ascii: "\t"))
        if let reason { escape(Array(reason.utf8), into: &line) }
        line.append(UInt8(ascii: "\t"))
        escape(body, into: &line)
        line.append(UInt8(ascii: "\n"))
    }

    package var line: [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(120 + body.count)
        write(into: &line)
        return line
    }

    private func field(_ number: (some BinaryInteger)?, into line: inout [UInt8]) {
        line.append(UInt8(ascii: "\t"))
        if let number { line.append(contentsOf: String(number).utf8) }
    }

    private func escape(_ bytes: [UInt8], into line: inout [UInt8]) {
        for byte in bytes {
            switch byte {
            case 9: line.append(contentsOf: "\\t".utf8)
            case 10: line.append(contentsOf: "\\n".utf8)
            case 0: line.append(contentsOf: "\\0".utf8)
            case UInt8(ascii: "\\"): line.append(contentsOf: "\\\\".utf8)
            default: line.append(byte)
            }
        }
    }

    /// The outcomes of a message's body, and how many lines were not understood.
    package static func parse(_ body: [UInt8]) -> (outcomes: [TriggerOutcome], unknown: Int) {
        var outcomes: [TriggerOutcome] = []
        var unknown = 0
        for line in body.split(separator: UInt8(ascii: "\n")) {
            if let outcome = TriggerOutcome(line: line) { outcomes.append(outcome) } else { unknown += 1 }
        }
        return (outcomes, unknown)
    }

    /// Reads a line without its line feed: of `write`, or a queue's burial notice.
    package init?(line: ArraySlice<UInt8>) {
        let fields = line.split(separator: 9, omittingEmptySubsequences: false)
        func text(_ index: Int) -> String { String(decoding: fields[index], as: UTF8.self) }
        guard fields.count >= 5, text(0) == "1", let id = Identifier(text(2)), let generation = Int16(text(3)) else {
            return nil
        }
        let redrive = Int(generation)
        if text(1) == "dead" {
            self.init(id: id, redrive: redrive, attempt: 0, state: .dead, reason: text(4))
            return
        }
        guard text(1) == "done", fields.count >= 12, let attempt = Int32(text(4)),
            let state = Int(text(5)).flatMap({ TriggerState(rawValue: $0) })
        else { return nil }
        self.init(
            id: id, redrive: redrive, attempt: Int(attempt), state: state,
            startedAt: Int64(text(6)).map { Timestamp(microseconds: $0) }, durationMilliseconds: Int(text(7)),
            status: Int(text(8)), latenessMilliseconds: Int(text(9)).map { Int(Int32(clamping: $0)) },
            reason: fields[10].isEmpty ? nil : String(decoding: TriggerOutcome.unescape(fields[10]), as: UTF8.self),
            body: TriggerOutcome.unescape(fields[11]))
    }

    private static func unescape(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var isEscaped = false
        for byte in bytes {
            if isEscaped {
                switch byte {
                case UInt8(ascii: "t"): result.append(9)
                case UInt8(ascii: "n"): result.append(10)
                case UInt8(ascii: "0"): result.append(0)
                default: result.append(byte)
                }
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else {
                result.append(byte)
            }
        }
        return result
    }
}
