import Crypto
import FunctionRuntime
import HTTPTypes
import Hummingbird
import Logging
import Model
import NIOCore
import Store

extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    /// Marks an answer that was given before.
    static let idempotentReplayed = HTTPField.Name("Idempotent-Replayed")!
}

/// The first attempt of a request with an idempotency key: later attempts derive the same ids from it.
struct FirstTry: Sendable {
    var at: Timestamp
    var seed: UInt64
    /// False: an earlier try died, and may have made changes that this one does not see.
    var isThisTry: Bool
}

/// Random bits for a request; the same in every attempt of one with an idempotency key.
struct CallRandom: RandomNumberGenerator {
    private var system = SystemRandomNumberGenerator()
    private var seeded: StableHash?

    init(_ first: FirstTry?) { seeded = first.map { StableHash(seed: $0.seed) } }

    mutating func next() -> UInt64 {
        guard seeded != nil else { return system.next() }
        seeded!.combine(1)
        return seeded!.value
    }
}

extension API {
    /// Carries out a call. A POST with `Idempotency-Key` is carried out once in 24 h; repetitions get the first answer.
    ///
    /// A call that changed nothing leaves no answer, and is carried out again.
    ///
    /// The answer is stored after the call. An attempt that died in between is made again with the same ids, so that
    /// nothing is created twice (draft-ietf-httpapi-idempotency-key-header).
    func serve(_ route: Route, _ call: Call) async throws -> Response {
        // First, so that every call refuses unreadable texts alike.
        for name in route.parameters { _ = try call.path(name) }
        for header in route.headers {
            guard let field = HTTPField.Name(header.name) else { continue }
            if let value = try Call.header(field, of: call.request) { try header.check(value) }
        }
        for (name, value) in call.query {
            guard let parameter = route.query.first(where: { $0.name == name }) else {
                let known = route.query.isEmpty ? "none" : route.query.map(\.name).joined(separator: ", ")
                throw Problem.parameter(name, "unknown parameter; known here: \(known)")
            }
            try parameter.check(value)
        }
        for parameter in route.query where parameter.isRequired && call.text(parameter.name) == nil {
            throw Problem.parameter(parameter.name, "is required: \(parameter.expected)")
        }
        guard route.method == .post, !route.changesNothing, !route.isSigned,
            let key = try Call.header(.idempotencyKey, of: call.request)
        else {
            return try await route.handle(call)
        }
        var call = call
        let body = try await call.bytes(limit: route.bodyLimit)
        call.collected = body
        let tenant = call.caller.tenant
        var hash = SHA256()
        hash.update(data: Array("\(call.request.method) \(call.request.uri)\n".utf8))
        hash.update(data: body)
        let now = try await status.now()
        let claim = try await ledger.begin(tenant: tenant, key: key, request: Array(hash.finalize()), now: now)
        switch claim {
        case .answered(let status, let body): return replay(status, body)
        case .underWay:
            throw Problem.conflict("a request with this Idempotency-Key is under way; try again in a minute")
        case .different:
            throw Problem(
                status: .unprocessableContent, type: "key-reused",
                title: "The Idempotency-Key belongs to another request",
                detail: "it was used for another path or body in the last 24 hours; choose a new one")
        case .begun(let first):
            var seed = StableHash(seed: 3)
            seed.combine(tenant.description)
            seed.combine(key)
            call.firstTry = FirstTry(at: first, seed: seed.value, isThisTry: first == now)
            return try await carryOut(route, call, key: key)
        }
    }

    private func carryOut(_ route: Route, _ call: Call, key: String) async throws -> Response {
        let tenant = call.caller.tenant
        do {
            let response = try await route.handle(call)
            if call.effect.isNone, call.firstTry?.isThisTry == true {
                await abandon(tenant, key, changedNothing: true)
                return response
            }
            var kept = route.isAnsweredOnce ? Problem.shownOnce.response : response
            var text = try await kept.text()
            if text.utf8.count > API.longestKeptAnswer
                || !answerBudgets.take(text.utf8.count + API.bytesPerKey, of: tenant)
            {
                kept = Problem.notKept.response
                text = try await kept.text()
            }
            do {
                try await ledger.answer(tenant: tenant, key: key, status: kept.status.code, body: text)
            } catch {
                // The call was carried out; repeating it derives the same ids.
                runtime.logger.warning("an answer could not be kept: \(error)")
            }
            return response
        } catch {
            let changedNothing = (error as? Problem).map { $0.status.code < 500 } ?? (error is FieldErrors)
            await abandon(tenant, key, changedNothing: changedNothing)
            throw error
        }
    }

    private func abandon(_ tenant: TenantID, _ key: String, changedNothing: Bool) async {
        do {
            try await ledger.abandon(tenant: tenant, key: key, changedNothing: changedNothing)
        } catch {
            // A repetition then has to wait a minute.
            runtime.logger.warning("the claim of a request without an answer to keep could not be given up: \(error)")
        }
    }

    /// In bytes; otherwise a tenant could fill the database with answers.
    private static let longestKeptAnswer = 65_536
    /// What a kept answer takes besides its body: key, hash and row.
    private static let bytesPerKey = 512

    private func replay(_ status: Int, _ body: String) -> Response {
        var headers: HTTPFields = [.contentType: status < 400 ? "application/json" : "application/problem+json"]
        headers[.idempotentReplayed] = "true"
        return Response(
            status: .init(code: status), headers: headers, body: .init(byteBuffer: ByteBuffer(string: body)))
    }
}

extension Problem {
    static let notKept = Problem.conflict(
        "an earlier try of this request was carried out, but its answer was too long to be kept, or more than a tenant may "
            + "keep in a day: look at what it has made"
    )
    static let shownOnce = Problem.conflict(
        "it was made by an earlier try of this request, and is shown only once: revoke it, and make another with a new "
            + "Idempotency-Key")
}

extension Response {
    /// The body as text.
    fileprivate func text() async throws -> String {
        let collected = Collected()
        try await body.write(collected)
        return String(buffer: await collected.buffer)
    }
}

private actor Collected: ResponseBodyWriter {
    private(set) var buffer = ByteBuffer()

    func write(_ part: ByteBuffer) {
        var part = part
        buffer.writeBuffer(&part)
    }
    nonisolated func finish(_ trailingHeaders: HTTPFields?) {}
}
