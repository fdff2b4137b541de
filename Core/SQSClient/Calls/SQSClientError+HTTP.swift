internal import HTTP

extension SQSClientError {
    /// A call that had no answer, or a part of one.
    init(_ error: HTTPError, at place: String) {
        let code =
            switch error.code {
            case .dns, .connect, .tls, .timeout, .broken: SQSClientError.unreachable
            case .cancelled: SQSClientError.cancelled
            case .forbidden, .invalid: SQSClientError.invalidRequest
            }
        self.init(code, "\(error)", at: place, status: error.answer?.status)
    }
}
