import HTTP
import HTTPTypes
import Hummingbird
import Model
import NIOCore
import Store

/// A request with its caller: reads path, parameters and body, and reports what is wrong with them.
struct Call: Sendable {
    let request: Request
    let context: APIContext
    let caller: Caller
    /// The body, if it has been read already.
    var collected: [UInt8]?
    /// The first attempt, of a request with an idempotency key.
    var firstTry: FirstTry?
    /// What it is carried out in; nil: it needs none.
    var slot: RequestSlots.Slot?
    /// Whether it changed anything.
    let effect = CallEffect()
    /// Decoded, in order.
    let query: [(name: String, value: String)]

    init(request: Request, context: APIContext, caller: Caller) throws(Problem) {
        self.request = request
        self.context = context
        self.caller = caller
        query = try PercentDecoding.query(request.uri.query ?? "")
    }

    /// The time of what this request creates: the same in every attempt.
    func now(_ status: any StoreStatus) async throws -> Timestamp {
        if let firstTry { return firstTry.at }
        return try await status.now()
    }

    /// A parameter of the path, decoded: the router passes it on undecoded.
    func path(_ name: String) throws -> String {
        guard let raw = context.parameters.get(name) else { throw Problem.notFound("the path") }
        do throws(PercentDecoding.Mistake) {
            return try PercentDecoding.decode(raw)
        } catch {
            throw Problem.parameter(name, error.detail)
        }
    }

    /// The schedule named in the path.
    func scheduleName() throws -> ScheduleName {
        let text = try path("name")
        guard let name = ScheduleName(text), !name.isReserved else {
            throw Problem.parameter("name", "a schedule's name is \(ScheduleName.requirement)")
        }
        return name
    }

    /// A header field's value; nil if the request does not have it.
    static func header(_ name: HTTPField.Name, of request: Request) throws(Problem) -> String? {
        guard let value = request.headers[name] else { return nil }
        guard
            !value.unicodeScalars.contains(where: { $0 == "\u{FFFD}" || $0.value < 32 && $0 != "\t" || $0.value == 127 }
            )
        else { throw Problem.parameter("\(name)", "contains a control character, or is not UTF-8") }
        return value
    }

    func id<ID: RecordID>(_ what: String) throws -> ID {
        guard let id = ID(try path("id")) else { throw Problem.notFound("\(what) with that id") }
        return id
    }

    func text(_ name: String) -> String? { query.first { $0.name == name }?.value }

    func int(_ name: String, in range: ClosedRange<Int>, default standard: Int) throws -> Int {
        guard let text = text(name) else { return standard }
        guard let value = Int(text), range.contains(value) else {
            throw Problem.parameter(name, "expected a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func time(_ name: String) throws -> Timestamp? {
        guard let text = text(name) else { return nil }
        guard let time = Timestamp(text) else { throw Problem.parameter(name, "expected \(Timestamp.requirement)") }
        return time
    }

    func duration(_ name: String) throws -> Duration? {
        guard let text = text(name) else { return nil }
        guard let duration = Duration(text: text) else {
            throw Problem.parameter(name, "expected a duration such as 90s or 1h30m")
        }
        return duration
    }

    /// What `If-Match` expects: `*` or one ETag; nil if it is absent.
    func expectedRevision() throws -> ExpectedRevision? {
        guard let match = try Call.header(.ifMatch, of: request) else { return nil }
        if match == "*" { return .any }
        let tag = match.dropFirst().dropLast()
        guard match.count > 2, match.hasPrefix("\""), match.hasSuffix("\""), tag.first?.isNumber == true else {
            throw Problem.parameter("If-Match", "expected * or the ETag of an earlier answer, such as \"3-1f0c9a2b\"")
        }
        return .exactly(String(tag))
    }

    /// The body as bytes, at most `limit`.
    ///
    /// - Parameter beginLarge: called once more than `LargeBodies.free` bytes have come; throws what refuses them.
    func bytes(limit: Int = 1 << 20, beginLarge: () throws -> Void = {}) async throws -> [UInt8] {
        if let collected { return collected }
        var bytes: [UInt8] = []
        do {
            for try await buffer in request.body {
                if bytes.count + buffer.readableBytes > limit {
                    throw Problem(
                        status: .contentTooLarge, type: "too-large", title: "The body is too large",
                        detail: "at most \(limit) bytes are taken here")
                }
                let wasLarge = bytes.count > LargeBodies.free
                bytes += buffer.readableBytesView
                if !wasLarge, bytes.count > LargeBodies.free { try beginLarge() }
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            // The connection ended, or was closed because the body came too slowly: nobody reads this answer.
            throw Problem(
                status: .badRequest, type: "cut", title: "The body ended early",
                detail: "the connection was closed before all of the body had arrived")
        }
        return bytes
    }

    /// The body as JSON; if `isOptional`, an empty body is an empty object.
    func json(isOptional: Bool = false) async throws -> JSON {
        let bytes = try await bytes()
        if bytes.isEmpty && isOptional { return .object([]) }
        do throws(JSON.SyntaxError) {
            return try JSON(document: bytes)
        } catch {
            throw Problem.invalid([error.fieldError()])
        }
    }
}
