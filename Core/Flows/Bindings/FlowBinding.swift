import Model

/// The *how* of a type of step: which call performs it, and how it completes.
package struct FlowBinding: Hashable, Sendable {
    /// How the remote system says that it is done.
    package enum Completion: String, CaseIterable, Sendable {
        /// By its answer to the call.
        case response
        /// By a later call to the URL that it was given.
        case callback
    }

    package var request: CallTemplate
    package var completion: Completion
    /// Makes outputs of a response (`response.status`, `response.body`); nil: its body is the outputs.
    var outputs: [FlowTemplate.Member]?
    /// Ends an attempt on the remote system; nil: there is no such call.
    package var cancel: CallTemplate?
    /// Statuses besides 2xx that mean that the call was taken, such as 409 for one that is repeated.
    var accepted: Set<Int>
    /// Of an attempt; nil: the default.
    var timeout: Duration?
    var startTimeout: Duration?
    var heartbeatTimeout: Duration?
    var platform: RetryPolicy?
    var timeouts: RetryPolicy?

    /// What the reducer must know of it.
    ///
    /// - Parameter id: of the stored binding.
    package func terms(id: Int) -> BindingTerms {
        var terms = BindingTerms(
            id: id, hasCancel: cancel != nil, startTimeout: startTimeout, heartbeatTimeout: heartbeatTimeout)
        // An attempt by response is over soon after its call.
        if completion == .response { terms.timeout = request.timeout + FlowBinding.slack }
        if let timeout { terms.timeout = timeout }
        if let platform { terms.platform = platform }
        if let timeouts { terms.timeouts = timeouts }
        return terms
    }

    /// How much longer an attempt may take than its call, whose own timeout gives the better message.
    private static let slack = Duration.seconds(30)

    /// The longest call that completes by its response; what takes longer reports by callback.
    package static let longestResponse = Duration.seconds(60)

    /// The id of the binding that performs steps of the type `http`, which is not stored.
    package static let httpID = 0

    /// Performs steps of the type `http`: the request is what the step is given.
    package static let http: FlowBinding = {
        var errors: [FieldError] = []
        let url = FlowTemplate("${inputs.url}", at: "", errors: &errors)
        return FlowBinding(
            request: CallTemplate(method: "POST", url: url, headers: [], body: nil, timeout: .seconds(30)),
            completion: .response, accepted: [])
    }()
}

/// What a call's answer came to, as far as it matters to a step.
package struct CallAnswer: Sendable {
    package var status: Int
    /// The first bytes of the body.
    package var body: [UInt8]
    /// How long the whole body was, as far as it was read.
    package var totalBytes: Int
    /// Why not all of it arrived; nil: it did.
    package var cut: String?
    package var retryAfter: Duration?

    /// An answer of these parts.
    package init(status: Int, body: [UInt8], totalBytes: Int, cut: String?, retryAfter: Duration?) {
        self.status = status
        self.body = body
        self.totalBytes = totalBytes
        self.cut = cut
        self.retryAfter = retryAfter
    }
}

extension FlowBinding {
    /// What the answer of a call means for its step.
    ///
    /// - Parameter isHTTP: the step is of the type `http`, whose outputs are status and body.
    package func answer(
        _ answer: CallAnswer, _ contract: StepContract, lookUp: @escaping (String) -> ExpressionName?
    ) -> StepAnswer {
        let isTaken = (200..<300).contains(answer.status) || accepted.contains(answer.status)
        guard isTaken else { return .failed(FlowBinding.failure(answer)) }
        if completion == .callback { return .accepted }
        if let cut = answer.cut { return .failed(StepFailure(.platform, "the answer is incomplete: \(cut)")) }
        if answer.totalBytes > answer.body.count {
            let detail = "the answer has \(answer.totalBytes) bytes; at most \(answer.body.count) are taken"
            return .failed(StepFailure(.user, detail))
        }
        do throws(StepFailure) {
            return .succeeded(try StepOutputs(checking: try outputs(of: answer, contract, lookUp), against: contract))
        } catch {
            return .failed(error)
        }
    }

    private func outputs(
        of answer: CallAnswer, _ contract: StepContract, _ lookUp: @escaping (String) -> ExpressionName?
    ) throws(StepFailure) -> JSON {
        if contract.name == "http" {
            var members = [JSON.Member("status", .integer(answer.status))]
            if !answer.body.isEmpty {
                let text = JSON.string(String(decoding: answer.body, as: UTF8.self))
                members.append(JSON.Member("body", (try? JSON(parsing: answer.body)) ?? text))
            }
            return .object(members)
        }
        let body: JSON
        do throws(JSON.SyntaxError) {
            body = answer.body.isEmpty ? .object([]) : try JSON(parsing: answer.body)
        } catch {
            throw StepFailure(.user, "the answer's body, \(answer.body.count) bytes, is not JSON: \(error)")
        }
        guard let outputs else { return body }
        let response = ExpressionValue.map(["status": .int(Int64(answer.status)), "body": ExpressionValue(body)])
        var members: [JSON.Member] = []
        for output in outputs {
            do throws(ExpressionError) {
                let value = try output.value.value { $0 == "response" ? .value(response) : lookUp($0) }
                members.append(JSON.Member(output.name, value.json))
            } catch {
                // A field that is not there is left out: the contract says whether it must be.
                if error.code != .absent {
                    throw StepFailure(.user, "the binding's outputs.\(output.name): \(error)")
                }
            }
        }
        return .object(members)
    }

    private static func failure(_ answer: CallAnswer) -> StepFailure {
        // A failure's message is cut, and then says how long it was.
        let body = String(decoding: answer.body, as: UTF8.self)
        let text = "status \(answer.status)\(body.isEmpty ? "" : ": \(body)")"
        switch answer.status {
        case 408, 425, 429, 500..<600: return StepFailure(.platform, text, retryAfter: answer.retryAfter)
        default: return StepFailure(.user, text)
        }
    }
}
