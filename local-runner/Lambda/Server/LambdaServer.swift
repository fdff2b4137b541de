import HTTPTypes
import Hummingbird
import Lambda
import Logging
import NIOCore
import Processes
import Serving

/// Serves a `LambdaService` over HTTP on 127.0.0.1.
package struct LambdaServer: Sendable {
    private let api: LambdaAPI

    /// In bytes: a deployment package of the greatest size, in base64, and what stands around it.
    private static let longestBody = 72 << 20

    /// A server that does not listen yet.
    package init(_ service: LambdaService) { api = LambdaAPI(service: service) }

    /// Serves until the task is cancelled. Throws `RunnerError` if the port cannot be listened on.
    ///
    /// - Parameter listening: called with the port once it listens.
    package func run(port: Int, listening: @escaping @Sendable (Int) -> Void) async throws {
        let api = api
        let responder = CallbackResponder { (request: Request, _: BasicRequestContext) in
            try await LambdaServer.respond(to: request, api)
        }
        let app = Application(
            responder: responder,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [PatienceHandler(.init(), closed: { _ in })])),
            configuration: .init(address: .hostname("127.0.0.1", port: port), serverName: "Headgate"),
            onServerRunning: { channel in listening(channel.localAddress?.port ?? port) },
            logger: Logger(label: "http") { _ in SwiftLogNoOpLogHandler() })
        do {
            try await app.run()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw RunnerError(.busy, "cannot listen on 127.0.0.1:\(port), which --lambda-port names: \(error)")
        }
    }

    private static func respond(to request: Request, _ api: LambdaAPI) async throws -> Response {
        var bytes: [UInt8] = []
        for try await buffer in request.body {
            guard bytes.count + buffer.readableBytes <= longestBody else {
                let error = LambdaError(
                    "RequestEntityTooLargeException", "Request must be smaller than \(longestBody) bytes", status: 413)
                return response(LambdaResponse(error), closes: true)
            }
            bytes += buffer.readableBytesView
        }
        guard isLocal(request) else {
            return response(
                LambdaResponse(
                    LambdaError(
                        "AccessDeniedException",
                        "Requests of web pages, and for other hosts than this machine, are not answered.", status: 403)),
                closes: true)
        }
        var headers: [String: String] = [:]
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        let read: LambdaRequest
        do {
            read = try LambdaRequest(
                method: request.method.rawValue, target: request.head.path ?? "/", headers: headers, body: bytes)
        } catch {
            return response(LambdaResponse(error), closes: false)
        }
        return response(await api.respond(to: read), closes: false)
    }

    /// A page in a browser of this machine may not create functions: it sends its origin, or, after a change of its name's
    /// address, its own host. SDKs send neither.
    private static func isLocal(_ request: Request) -> Bool {
        if request.headers[.origin] != nil { return false }
        if let name = HTTPField.Name("sec-fetch-site"), let site = request.headers[name], site != "none" {
            return false
        }
        guard let authority = request.head.authority else { return true }
        let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        return ["127.0.0.1", "localhost", "[::1]"].contains(String(host)) || host.hasSuffix(".localhost")
    }

    /// - Parameter closes: the rest of the request is not read.
    private static func response(_ answer: LambdaResponse, closes: Bool) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "application/json"
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        if closes { headers[.connection] = "close" }
        return Response(
            status: .init(code: answer.status), headers: headers,
            body: answer.status == 204 ? .init() : .init(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}
