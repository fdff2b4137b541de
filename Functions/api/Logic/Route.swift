import HTTPTypes
import Hummingbird
import Model

/// One call of the API: what the router serves and what `openapi.json` describes.
struct Route: Sendable {
    var method: HTTPRequest.Method
    /// With `{name}` for parameters.
    var path: String
    var summary: String
    /// The least role that may call it.
    var role: Role
    var query: [Parameter] = []
    var body: Body?
    /// Bytes of a body that are taken.
    var bodyLimit = 1 << 20
    var statuses: [Int] = [200]
    /// The schema of what is answered, by its name in `Answers`; nil: there is no body.
    var answer: String?
    /// It takes `If-Match`, and its answers have an `ETag`.
    var isVersioned = false
    /// A POST that changes nothing: nothing is kept of it, also with an idempotency key.
    var changesNothing = false
    /// The answer holds what is shown once: a repeat does not get it.
    var isAnsweredOnce = false
    var handle: @Sendable (Call) async throws -> Response

    /// What a call takes beside its path.
    enum Body: Sendable {
        /// A document with a schema of this name in `Bodies`; an optional one may be left out as a whole.
        case json(String, isOptional: Bool = false)
        /// A document of this schema in each line.
        case lines(String)
    }

    /// Header fields that it takes.
    var headers: [Parameter] {
        (method == .post ? [.idempotencyKey] : []) + (isVersioned ? [.ifMatch] : []) + [.tenantHeader]
    }

    /// How many parts of the path it names itself: where two paths fit a request, the one with more.
    var literals: Int { path.split(separator: "/").filter { !$0.hasPrefix("{") }.count }

    func matches(_ path: String) -> Bool {
        let (mine, theirs) = (self.path.split(separator: "/"), path.split(separator: "/"))
        return mine.count == theirs.count && zip(mine, theirs).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }

    /// Parameters in the path, in order.
    var parameters: [String] {
        path.split(separator: "/").compactMap { part in
            part.hasPrefix("{") && part.hasSuffix("}") ? String(part.dropFirst().dropLast()) : nil
        }
    }
}
