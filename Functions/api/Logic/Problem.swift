import HTTPTypes
import Hummingbird
import Model

/// A refusal as problem details (RFC 9457).
struct Problem: Error, Sendable {
    var status: HTTPResponse.Status
    /// The last part of the `type` URI: a stable name for programs.
    var type: String
    var title: String
    var detail: String
    var errors: [FieldError] = []
    /// When it may be tried again, as `Retry-After`.
    var retryAfter: Duration?

    var response: Response {
        var members: [JSON.Member] = [
            .init("type", .string("https://headgate.dev/problems/\(type)")), .init("title", .string(title)),
            .init("status", .integer(status.code)), .init("detail", .string(detail)),
        ]
        if !errors.isEmpty {
            members.append(.init("errors", .mistakes(errors)))
        }
        var response = Response.json(.object(members), status: status)
        response.headers[.contentType] = "application/problem+json"
        if let retryAfter { response.headers[.retryAfter] = "\(max(1, Int(retryAfter.inSeconds.rounded(.up))))" }
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    static func invalid(_ errors: [FieldError]) -> Problem {
        Problem(
            status: .badRequest, type: "invalid", title: "The request has mistakes",
            detail: errors.count == 1 ? "\(errors[0])" : "\(errors.count) mistakes, listed in errors", errors: errors)
    }
    static func parameter(_ name: String, _ detail: String) -> Problem {
        Problem(
            status: .badRequest, type: "invalid", title: "The request has mistakes",
            detail: "parameter \(name): \(detail)",
            errors: [FieldError(pointer: "?\(name)", detail: detail)])
    }
    static func notFound(_ what: String, hint: String = "") -> Problem {
        Problem(
            status: .notFound, type: "not-found", title: "There is no such thing",
            detail: "\(what) does not exist\(hint)")
    }
    static func conflict(_ detail: String) -> Problem {
        Problem(status: .conflict, type: "conflict", title: "It is not in the state for that", detail: detail)
    }
    static func forbidden(_ detail: String) -> Problem {
        Problem(status: .forbidden, type: "forbidden", title: "The key may not do that", detail: detail)
    }
    static let unauthorized = Problem(
        status: .unauthorized, type: "unauthorized", title: "A valid key is needed",
        detail: "send Authorization: Bearer hg_… with a key that has not been revoked")
    static func tooMany(_ wait: Duration) -> Problem {
        Problem(
            status: .tooManyRequests, type: "rate", title: "Too many requests",
            detail: "the key or its tenant makes more requests a second than it may; try again after Retry-After",
            retryAfter: wait)
    }
    static let tooManyLarge = Problem(
        status: .tooManyRequests, type: "rate", title: "Too many large requests",
        detail:
            "a body of more than 1 MiB of this tenant, or four of others, are under way; try again after Retry-After",
        retryAfter: .seconds(5))
    static func unavailable(_ detail: String) -> Problem {
        Problem(status: .serviceUnavailable, type: "unavailable", title: "Try again later", detail: detail)
    }
}

extension JSON {
    /// Mistakes or warnings, each with its pointer.
    static func mistakes(_ list: [FieldError]) -> JSON {
        .array(list.map { ["pointer": .string($0.pointer), "detail": .string($0.detail)] })
    }
}

extension Response {
    /// A page of a list. Yields now and then, so that a long one does not hold up other requests on the thread.
    static func page<Row: Sendable>(
        _ rows: some Sequence<Row> & Sendable, next: JSON, _ document: @Sendable (Row) -> JSON
    ) async -> Response {
        var bytes = Array("{\"items\":[".utf8)
        var count = 0
        for row in rows {
            if count > 0 { bytes.append(UInt8(ascii: ",")) }
            document(row).write(into: &bytes)
            count += 1
            if count % 8 == 0 { await Task.yield() }
        }
        bytes += Array("],\"next\":".utf8)
        next.write(into: &bytes)
        bytes += Array("}\n".utf8)
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    static func json(_ value: JSON, status: HTTPResponse.Status = .ok) -> Response {
        var bytes = value.serialized
        bytes.append(10)
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
