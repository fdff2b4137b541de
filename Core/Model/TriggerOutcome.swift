/// The result of one attempt, or the end of a trigger without one: a line on the `outcomes` queue.
///
/// Outcomes are lines because a settlement joins those whose leases still hold, and the queue writes one itself when a
/// message dies without its holder (`BurialNotice`).
package struct TriggerOutcome: Hashable, Sendable {
    package var id: TriggerID
    /// The redrive number under which the attempt was made; after a further redrive the outcome changes nothing.
    package var redrive: Int
    /// From 1; 0: no call was made.
    package var attempt: Int
    /// The state after the attempt; `queued`: the trigger goes on.
    package var state: TriggerState
    /// When the call started, by the worker's clock.
    package var startedAt: Timestamp?
    package var durationMilliseconds: Int?
    /// The HTTP status, if there was an answer.
    package var status: Int?
    /// The start of the first call minus the planned time.
    package var latenessMilliseconds: Int?
    /// Why the trigger ended or is retried.
    package var reason: String?
    /// The first bytes of the answer's body.
    package var body: [UInt8]

    /// What is not given is unknown: nil, or an empty body.
    package init(
        id: TriggerID, redrive: Int, attempt: Int, state: TriggerState, startedAt: Timestamp? = nil,
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

    /// Appends the outcome as a line of fields separated by tabs, ended by a line feed:
    /// `1 done id redrive attempt state started-µs duration-ms status lateness-ms reason body`.
    ///
    /// Tab, line feed, backslash and NUL are escaped as `\t \n \\ \0`; an absent field is empty.
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

    /// The line as bytes of its own.
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

    /// Reads the outcomes of a message's body, and counts the lines that were not understood.
    package static func parse(_ body: [UInt8]) -> (outcomes: [TriggerOutcome], unknown: Int) {
        var outcomes: [TriggerOutcome] = []
        var unknown = 0
        for line in body.split(separator: UInt8(ascii: "\n")) {
            if let outcome = TriggerOutcome(line: line) { outcomes.append(outcome) } else { unknown += 1 }
        }
        return (outcomes, unknown)
    }

    /// Reads a line without its line feed: one of `write`, or a queue's burial notice. Nil for anything else.
    package init?(line: ArraySlice<UInt8>) {
        let fields = line.split(separator: 9, omittingEmptySubsequences: false)
        func text(_ index: Int) -> String { String(decoding: fields[index], as: UTF8.self) }
        guard fields.count >= 5, text(0) == "1", let id = TriggerID(text(2)), let generation = Int16(text(3)) else {
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
