package import Model

/// The binary form of a state: a version, then the fields in order. Times are relative to the start; what a step does
/// not have takes no room.
extension FlowState {
    /// What readers of this release accept: this version and the one before (protocols.md, 26).
    private static let version: UInt64 = 1

    /// The encoded state.
    package var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 64 + steps.reduce(0) { $0 + 16 + $1.outputs.count })
        writer.write(unsigned: FlowState.version)
        writer.write(unsigned: status.code)
        writer.write(isPaused)
        writer.write(startedAt)
        writer.write(optional: deadline) { $0.write($1 - startedAt) }
        writer.write(optional: failedStep) { $0.write(unsigned: UInt64($1)) }
        writer.write(optional: failure) { $1.encode(into: &$0) }
        writer.write(unsigned: UInt64(steps.count))
        for step in steps { step.encode(into: &writer, since: startedAt) }
        return writer.bytes
    }

    /// Reads what `encoded` wrote for this flow; bytes of a later version throw a failure that says so.
    package init(decoding bytes: [UInt8], _ plan: FlowPlan) throws(ByteReader.Failure) {
        var reader = ByteReader(bytes)
        let version = try reader.unsigned()
        guard version == FlowState.version else {
            let expected = "a state of version \(FlowState.version)"
            throw version > FlowState.version ? reader.laterVersion(expected) : reader.failure(expected)
        }
        guard let status = Status(code: try reader.unsigned()) else { throw reader.failure("a status") }
        self.status = status
        isPaused = try reader.bool()
        startedAt = try reader.timestamp()
        let start = startedAt
        deadline = try reader.optional { reader throws(ByteReader.Failure) in start + (try reader.duration()) }
        failedStep = try reader.optional { reader throws(ByteReader.Failure) in Int(try reader.unsigned()) }
        failure = try reader.optional { reader throws(ByteReader.Failure) in try StepFailure(from: &reader) }
        let count = try reader.unsigned()
        guard count == UInt64(plan.steps.count), failedStep.map({ $0 < plan.steps.count }) ?? true else {
            throw reader.failure("a state of \(plan.steps.count) steps")
        }
        steps = []
        steps.reserveCapacity(plan.steps.count)
        for _ in plan.steps.indices { steps.append(try StepState(from: &reader, since: start)) }
        guard reader.isAtEnd else { throw reader.failure("the end of the state") }
    }
}

extension FlowState.Status {
    fileprivate var code: UInt64 {
        switch self {
        case .running: 0
        case .ending(let outcome): UInt64(outcome.rawValue) * 2 - 1
        case .ended(let outcome): UInt64(outcome.rawValue) * 2
        }
    }

    fileprivate init?(code: UInt64) {
        if code == 0 {
            self = .running
            return
        }
        guard code <= 6, let outcome = FlowOutcome(rawValue: UInt8((code + 1) / 2)) else { return nil }
        self = code % 2 == 1 ? .ending(outcome) : .ended(outcome)
    }
}

extension StepFailure {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(unsigned: UInt64(kind.rawValue))
        writer.write(message)
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Failure) {
        guard let kind = Kind(rawValue: UInt8(truncatingIfNeeded: try reader.unsigned())) else {
            throw reader.laterVersion("a kind of failure that this version knows")
        }
        self.init(kind, try reader.text())
    }
}

extension StepState {
    /// A bit for each field that a step may be without.
    private struct Fields: OptionSet {
        let rawValue: UInt64
        static let attempt = Fields(rawValue: 1)
        static let failures = Fields(rawValue: 2)
        static let attemptDeadline = Fields(rawValue: 4)
        static let signDeadline = Fields(rawValue: 8)
        static let totalDeadline = Fields(rawValue: 16)
        static let reports = Fields(rawValue: 32)
        static let progress = Fields(rawValue: 64)
        static let outputs = Fields(rawValue: 128)
        static let failure = Fields(rawValue: 256)
        static let all: Fields = Fields(rawValue: 511)
    }

    private var fields: Fields {
        var fields: Fields = []
        if attempt > 0 { fields.insert(.attempt) }
        if platformFailures > 0 || timeoutFailures > 0 { fields.insert(.failures) }
        if attemptDeadline != nil { fields.insert(.attemptDeadline) }
        if signDeadline != nil { fields.insert(.signDeadline) }
        if totalDeadline != nil { fields.insert(.totalDeadline) }
        if reportedAt != nil { fields.insert(.reports) }
        if !progress.isEmpty { fields.insert(.progress) }
        if !outputs.isEmpty { fields.insert(.outputs) }
        if failure != nil { fields.insert(.failure) }
        return fields
    }

    fileprivate func encode(into writer: inout ByteWriter, since start: Timestamp) {
        let fields = fields
        // The phase in the low four bits, so that a step that waits or has ended takes one or two bytes.
        writer.write(unsigned: fields.rawValue << 4 | phase.code)
        switch phase {
        case .claimed(let worker): writer.write(worker)
        case .backoff(let time), .sleeping(let time), .cancelling(let time): writer.write(time - start)
        default: break
        }
        if fields.contains(.attempt) {
            writer.write(unsigned: UInt64(attempt))
            writer.write(unsigned: UInt64(binding))
        }
        if fields.contains(.failures) {
            writer.write(unsigned: UInt64(platformFailures))
            writer.write(unsigned: UInt64(timeoutFailures))
        }
        if let attemptDeadline { writer.write(attemptDeadline - start) }
        if let signDeadline { writer.write(signDeadline - start) }
        if let totalDeadline { writer.write(totalDeadline - start) }
        if let reportedAt {
            writer.write(reportedAt - start)
            writer.write(optional: recordedAt) { $0.write($1 - start) }
        }
        if fields.contains(.progress) { writer.write(bytes: progress) }
        if fields.contains(.outputs) { writer.write(bytes: outputs) }
        if let failure { failure.encode(into: &writer) }
    }

    fileprivate init(from reader: inout ByteReader, since start: Timestamp) throws(ByteReader.Failure) {
        let head = try reader.unsigned()
        let fields = Fields(rawValue: head >> 4)
        guard fields.isSubset(of: .all) else { throw reader.laterVersion("fields that this version knows") }
        phase = try Phase(code: head & 15, from: &reader, since: start)
        if fields.contains(.attempt) {
            attempt = Int(truncatingIfNeeded: try reader.unsigned())
            binding = Int(truncatingIfNeeded: try reader.unsigned())
        }
        if fields.contains(.failures) {
            platformFailures = Int(truncatingIfNeeded: try reader.unsigned())
            timeoutFailures = Int(truncatingIfNeeded: try reader.unsigned())
        }
        if fields.contains(.attemptDeadline) { attemptDeadline = start + (try reader.duration()) }
        if fields.contains(.signDeadline) { signDeadline = start + (try reader.duration()) }
        if fields.contains(.totalDeadline) { totalDeadline = start + (try reader.duration()) }
        if fields.contains(.reports) {
            reportedAt = start + (try reader.duration())
            recordedAt = try reader.optional { reader throws(ByteReader.Failure) in start + (try reader.duration()) }
        }
        if fields.contains(.progress) { progress = try reader.byteString() }
        if fields.contains(.outputs) { outputs = try reader.byteString() }
        if fields.contains(.failure) { failure = try StepFailure(from: &reader) }
    }
}

extension StepState.Phase {
    fileprivate var code: UInt64 {
        switch self {
        case .waiting: 0
        case .ready(let repeats): repeats ? 2 : 1
        case .claimed: 3
        case .accepted: 4
        case .backoff: 5
        case .sleeping: 6
        case .cancelling: 7
        case .succeeded: 8
        case .skipped: 9
        case .failed: 10
        case .cancelled: 11
        case .notRun: 12
        }
    }

    fileprivate init(
        code: UInt64, from reader: inout ByteReader, since start: Timestamp
    ) throws(ByteReader.Failure) {
        switch code {
        case 0: self = .waiting
        case 1: self = .ready(repeats: false)
        case 2: self = .ready(repeats: true)
        case 3: self = .claimed(by: try reader.identifier())
        case 4: self = .accepted
        case 5: self = .backoff(until: start + (try reader.duration()))
        case 6: self = .sleeping(until: start + (try reader.duration()))
        case 7: self = .cancelling(until: start + (try reader.duration()))
        case 8: self = .succeeded
        case 9: self = .skipped
        case 10: self = .failed
        case 11: self = .cancelled
        case 12: self = .notRun
        default: throw reader.laterVersion("a phase that this version knows")
        }
    }
}
