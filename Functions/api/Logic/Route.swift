import HTTPTypes
import Hummingbird
import Model

/// One call of the API: what the router serves and `openapi.json` describes.
struct Route: Sendable {
    var method: HTTPRequest.Method
    /// With `{name}` for parameters.
    var path: String
    var summary: String
    /// The lowest role that may call it.
    var role: Role
    var query: [Parameter] = []
    var body: Body?
    /// The largest body accepted, in bytes.
    var bodyLimit = 1 << 20
    var statuses: [Int] = [200]
    /// The schema of the answer, by its name in `Answers`; nil: it has no body.
    var answer: String?
    /// Whether it accepts `If-Match` and its answers have an `ETag`.
    var isVersioned = false
    /// A POST that changes nothing: its answer is not kept, even with an idempotency key.
    var changesNothing = false
    /// Whether the answer contains something shown only once, which a repetition does not get.
    var isAnsweredOnce = false
    /// The path has a signed token in place of a key.
    var isSigned = false
    var handle: @Sendable (Call) async throws -> Response

    /// What a call takes besides its path.
    enum Body: Sendable {
        /// A document with the schema of this name in `Bodies`; an optional one may be left out.
        case json(String, isOptional: Bool = false)
        /// A document on each line, with the schema of this name in `Bodies`.
        case lines(String)
    }

    /// The header fields that it accepts.
    var headers: [Parameter] {
        isSigned
            ? [] : (method == .post ? [.idempotencyKey] : []) + (isVersioned ? [.ifMatch] : []) + [.tenantHeader]
    }

    /// How many segments of the path are literal: if two paths match a request, the one with more wins.
    var literals: Int { path.split(separator: "/").filter { !$0.hasPrefix("{") }.count }

    func matches(_ path: String) -> Bool {
        let (mine, theirs) = (self.path.split(separator: "/"), path.split(separator: "/"))
        return mine.count == theirs.count && zip(mine, theirs).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }

    /// The parameters in the path, in order.
    var parameters: [String] {
        path.split(separator: "/").compactMap { part in
            part.hasPrefix("{") && part.hasSuffix("}") ? String(part.dropFirst().dropLast()) : nil
        }
    }
}
