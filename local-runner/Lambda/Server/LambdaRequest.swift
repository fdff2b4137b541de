import HTTP
import Lambda
import Model

/// A request of the Lambda API, as it came over HTTP.
struct LambdaRequest: Sendable {
    var method: String
    /// The parts of the path, decoded.
    var path: [String]
    var query: [String: String]
    /// By names in lower case.
    var headers: [String: String]
    var body: [UInt8]

    /// Reads the target; throws what Lambda answers to one that is damaged.
    init(method: String, target: String, headers: [String: String], body: [UInt8]) throws(LambdaError) {
        self.method = method
        self.headers = headers
        self.body = body
        let sides = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = []
        query = [:]
        do throws(PercentDecoding.Mistake) {
            for part in sides[0].split(separator: "/") { path.append(try PercentDecoding.decode(part)) }
            for pair in sides.count == 2 ? sides[1].split(separator: "&") : [] {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                query[try PercentDecoding.decode(parts[0])] =
                    parts.count == 2 ? try PercentDecoding.decode(parts[1]) : ""
            }
        } catch {
            throw LambdaError("InvalidRequestContentException", "The target of the request \(error.detail)")
        }
    }

    /// The body as an object; one that is absent is empty.
    func object() throws(LambdaError) -> JSON {
        if body.isEmpty { return .object([]) }
        guard let json = try? JSON(parsing: body), json.members != nil else {
            throw LambdaError("InvalidRequestContentException", "Could not parse request body into json")
        }
        return json
    }

    /// `MaxItems`, or nil.
    func number(_ name: String) throws(LambdaError) -> Int? {
        guard let text = query[name] else { return nil }
        guard let number = Int(text) else { throw .invalid("\(name) is no number: \(text)") }
        return number
    }
}

/// An answer of the Lambda API.
struct LambdaResponse: Sendable {
    var status = 200
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    /// JSON.
    init(_ json: JSON, status: Int = 200) {
        self.status = status
        body = json.serialized
    }

    /// Nothing but a status.
    init(status: Int) { self.status = status }

    /// A refusal.
    init(_ error: LambdaError) {
        status = error.status
        headers = [("x-amzn-ErrorType", error.type)]
        // Both spellings: SDKs read one or the other.
        var members: [JSON.Member] = [
            .init("Type", error.status < 500 ? "User" : "Service"), .init("Message", .string(error.message)),
            .init("message", .string(error.message)),
        ]
        if let reason = error.reason { members.append(.init("Reason", .string(reason))) }
        body = JSON.object(members).serialized
    }
}
