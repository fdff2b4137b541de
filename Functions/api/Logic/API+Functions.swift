import HTTPTypes
import Hummingbird
import Model
import Store

/// What functions ask the API, with the key that they share.
extension API {
    /// In bytes: a hundred starts of flows with inputs of 64 KiB.
    private static let longestRequest = 16 << 20

    /// The document of a request by one of Headgate's functions.
    func functionRequest(_ request: Request) async throws -> JSON {
        guard isFunction(request) else { throw Problem.unauthorized }
        var bytes: [UInt8] = []
        for try await buffer in request.body {
            bytes += buffer.readableBytesView
            guard bytes.count <= API.longestRequest else { throw Problem.tooManyLarge }
        }
        do throws(JSON.SyntaxError) { return try JSON(parsing: bytes) } catch {
            throw Problem.invalid([error.fieldError()])
        }
    }

    /// Takes the same time for every wrong key of the right length.
    private func isFunction(_ request: Request) -> Bool {
        guard let serviceKey, !serviceKey.isEmpty, let header = request.headers[.authorization] else { return false }
        let (expected, found) = (Array("Bearer \(serviceKey)".utf8), Array(header.utf8))
        guard expected.count == found.count else { return false }
        return zip(expected, found).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// Says which of the triggers that a worker holds are over and must not be called (protocols.md, 8).
    func judgeHeld(_ request: Request) async throws -> Response {
        let elements = try await functionRequest(request)["triggers"]?.elements ?? []
        var errors: [FieldError] = []
        if elements.count > HeldTrigger.most {
            errors.append(FieldError(pointer: "/triggers", detail: "expected at most \(HeldTrigger.most)"))
        }
        let triggers = elements.enumerated().compactMap { place, element in
            var fields = JSONFields(element, at: "/triggers/\(place)")
            let trigger = HeldTrigger(&fields)
            errors += fields.errors
            return trigger
        }
        if !errors.isEmpty { throw Problem.invalid(errors) }
        let over = try await triggerRegistry.judgeHeld(triggers)
        return Response.json(["over": .array(over.map { .bool($0) })])
    }
}
