import HTTPTypes
import Hummingbird
import Model
import NIOCore

/// A request with its caller: reads paths, parameters and bodies, and says what is wrong with them.
struct Call: Sendable {
    let request: Request
    let context: APIContext
    let caller: Caller

    func path(_ name: String) throws -> String {
        guard let raw = context.parameters.get(name) else { throw Problem.notFound("the path") }
        return raw
    }

    func scheduleName() throws -> ScheduleName {
        let text = try path("name")
        guard let name = ScheduleName(text) else {
            throw Problem.parameter("name", "a schedule's name is \(NameRule.schedule.sentence)")
        }
        return name
    }

    func identifier(_ what: String) throws -> Identifier {
        guard let id = Identifier(try path("id")) else { throw Problem.notFound("\(what) with that id") }
        return id
    }

    func text(_ name: String) -> String? { request.uri.queryParameters.get(name) }

    func int(_ name: String, in range: ClosedRange<Int>, default standard: Int) throws -> Int {
        guard let text = text(name) else { return standard }
        guard let value = Int(text), range.contains(value) else {
            throw Problem.parameter(name, "expected a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func time(_ name: String) throws -> Timestamp? {
        guard let text = text(name) else { return nil }
        guard let time = Timestamp(text) else { throw Problem.parameter(name, "expected an RFC 3339 time") }
        return time
    }

    /// The body as bytes, at most `limit`.
    func bytes(limit: Int = 1 << 20) async throws -> [UInt8] {
        do {
            let buffer = try await request.body.collect(upTo: limit)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Problem(
                status: .contentTooLarge, type: "too-large", title: "The body is too large",
                detail: "at most \(limit) bytes are taken here")
        }
    }

    /// The body as JSON; an empty body is an empty object where `isOptional`.
    func json(isOptional: Bool = false) async throws -> JSON {
        let bytes = try await bytes()
        if bytes.isEmpty && isOptional { return .object([]) }
        do throws(JSON.SyntaxError) {
            return try JSON(parsing: bytes)
        } catch {
            throw Problem.invalid([FieldError(pointer: "", detail: "not JSON: \(error)")])
        }
    }
}
