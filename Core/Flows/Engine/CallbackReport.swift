package import Model

/// A callback's body, as it is kept until it is applied.
package enum CallbackReport: Hashable, Sendable {
    case running
    /// Of an answer that its worker could not apply: the remote system has begun.
    case accepted
    case progress(ExpressionValue)
    /// Outputs as JSON; they are checked against the contract when they are applied.
    case succeeded(JSON)
    case failed(StepFailure)

    /// In bytes: progress beyond this is dropped.
    private static let longestProgress = 1_024

    /// Reads `{"status", "outputs", "metrics", "error": {"class", "message"}}`.
    ///
    /// Throws mistakes that say nothing about the work, such as an unknown status. What makes its result unusable
    /// is a `user` failure of the step.
    package init(_ json: JSON) throws(FieldErrors) {
        var fields = JSONFields(json)
        let status = fields.required("status", .oneOf(["running", "progress", "succeeded", "failed"]))
        let outputs = fields.raw("outputs")
        let metrics = fields.raw("metrics")
        var failure: StepFailure?
        if let error = fields.raw("error"), error != .null {
            var inner = JSONFields(error, at: fields.pointer(to: "error"))
            let kind = inner.optional("class", .oneOf(["user", "platform", "timeout"]))
            let message = inner.raw("message")
            inner.finish()
            fields.add(inner.errors)
            let kinds = StepFailure.Kind.allCases
            failure = StepFailure(
                kinds.first { "\($0)" == kind } ?? .platform, message.map { $0.text ?? "\($0)" } ?? "no message")
        }
        fields.finish()
        guard fields.errors.isEmpty, let status else { throw FieldErrors(fields.errors) }
        switch status {
        case "running": self = .running
        case "progress":
            let value = metrics.map { $0.serialized.count <= CallbackReport.longestProgress ? $0 : "too long" }
            self = .progress(ExpressionValue(value ?? .object([])))
        case "succeeded":
            let outputs = outputs ?? .object([])
            let size = outputs.serialized.count
            self =
                size <= StepOutputs.longest
                ? .succeeded(outputs)
                : .failed(
                    StepFailure(
                        .user,
                        "what it returned: /outputs: are \(size) bytes of JSON; at most \(StepOutputs.longest) are allowed"
                    )
                )
        default: self = .failed(failure ?? StepFailure(.platform, "it failed without a message"))
        }
    }

    /// What the reducer is told: outputs are checked against the contract.
    package func report(_ contract: StepContract) -> StepReport {
        switch self {
        case .running, .accepted: return .running
        case .progress(let value): return .progress(value)
        case .failed(let failure): return .failed(failure)
        case .succeeded(let outputs):
            do throws(StepFailure) {
                return .succeeded(try StepOutputs(checking: outputs, against: contract))
            } catch {
                return .failed(error)
            }
        }
    }

    /// An answer, to be applied later.
    package init(_ answer: StepAnswer) {
        switch answer {
        case .succeeded(let outputs): self = .succeeded(outputs.json)
        case .accepted: self = .accepted
        case .failed(let failure): self = .failed(failure)
        }
    }

    /// The answer that `init(_:)` was given.
    package func answer(_ contract: StepContract) -> StepAnswer {
        switch report(contract) {
        case .succeeded(let outputs): .succeeded(outputs)
        case .failed(let failure): .failed(failure)
        case .running, .progress: .accepted
        }
    }

    private static let version: UInt64 = 1

    /// As the payload of an arrival, with the attempt that it is about.
    package func encoded(_ call: StepCall) -> [UInt8] {
        var writer = ByteWriter(capacity: 256)
        writer.write(unsigned: CallbackReport.version)
        writer.write(unsigned: UInt64(call.step))
        writer.write(unsigned: UInt64(call.attempt))
        switch self {
        case .running: writer.write(unsigned: 1)
        case .progress(let value):
            writer.write(unsigned: 2)
            value.encode(into: &writer)
        case .succeeded(let outputs):
            writer.write(unsigned: 3)
            writer.write(bytes: outputs.serialized)
        case .failed(let failure):
            writer.write(unsigned: 4)
            writer.write(unsigned: UInt64(failure.kind.rawValue))
            writer.write(failure.message)
        case .accepted: writer.write(unsigned: 5)
        }
        return writer.bytes
    }

    /// Reads what `encoded` wrote.
    package static func decode(_ bytes: [UInt8]) throws(ByteReader.Failure) -> (StepCall, CallbackReport) {
        var reader = ByteReader(bytes)
        let version = try reader.unsigned()
        guard version == CallbackReport.version else {
            let expected = "a callback of version \(CallbackReport.version)"
            throw version > CallbackReport.version ? reader.laterVersion(expected) : reader.failure(expected)
        }
        let call = StepCall(
            step: Int(truncatingIfNeeded: try reader.unsigned()),
            attempt: Int(truncatingIfNeeded: try reader.unsigned()))
        switch try reader.unsigned() {
        case 1: return (call, .running)
        case 2: return (call, .progress(try ExpressionValue(from: &reader)))
        case 3:
            let bytes = try reader.byteString()
            guard let outputs = try? JSON(parsing: Array(bytes)) else { throw reader.failure("outputs in JSON") }
            return (call, .succeeded(outputs))
        case 4:
            guard let kind = StepFailure.Kind(rawValue: UInt8(truncatingIfNeeded: try reader.unsigned())) else {
                throw reader.laterVersion("a kind of failure that this version knows")
            }
            return (call, .failed(StepFailure(kind, try reader.text())))
        case 5: return (call, .accepted)
        default: throw reader.laterVersion("a kind of report that this version knows")
        }
    }
}
