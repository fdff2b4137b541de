import Foundation
import FoundationXML
import Memory
import Model
import SQS
import SQSFunction
import Synchronization

/// The two protocols of the SQS API.
enum Wire: String, CaseIterable, Sendable {
    case json
    case query
}

/// An endpoint over a store in memory, without a server, and a client of both protocols.
final class EndpointUnderTest: Sendable {
    let endpoint: SQSEndpoint
    let clock = TestClock()
    private let running: Mutex<Task<Void, Never>?>

    init(_ configuration: SQSEndpoint.Configuration = .init()) {
        let clock = clock
        endpoint = SQSEndpoint(
            store: InMemorySQSStore { clock.now }, configuration: configuration, clock: { clock.now })
        running = Mutex(nil)
        let endpoint = endpoint
        running.withLock { $0 = Task { await endpoint.run() } }
    }

    deinit { running.withLock { $0?.cancel() } }

    /// What came back, in the terms of AWS JSON.
    struct Answer: Sendable {
        var status: Int
        var headers: [(name: String, value: String)]
        var bytes: [UInt8]
        /// The result; of an error an empty object.
        var body: JSON
        /// Of an error: the code of the query protocol.
        var code: String?
        /// Of an error in AWS JSON: the name after the `#`.
        var shape: String?
        var message: String?

        var text: String { String(decoding: bytes, as: UTF8.self) }
        func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
        /// Code and text of an error, for comparison with what AWS says.
        var error: String { "\(code ?? "no error"): \(message ?? "")" }
    }

    func send(_ request: WireRequest) async throws -> Answer {
        let response = try await endpoint.respond(to: request)
        return Answer(
            status: response.status, headers: response.headers, bytes: response.body, body: .object([]))
    }

    /// Calls an action by AWS JSON or by a POST of the query protocol.
    func call(
        _ action: SQSAction, _ parameters: JSON = .object([]), on wire: Wire, host: String = "localhost:9324",
        headers: [(name: String, value: String)] = []
    ) async throws -> Answer {
        var request = WireRequest(
            method: "POST", path: "/", query: "", headers: [("Host", host)] + headers, body: [])
        switch wire {
        case .json:
            request.headers.append(("x-amz-target", "AmazonSQS.\(action.rawValue)"))
            request.body = parameters.serialized
            var answer = try await send(request)
            let json = answer.bytes.isEmpty ? JSON.object([]) : try JSON(parsing: answer.bytes)
            if answer.status == 200 {
                answer.body = json
            } else {
                answer.shape = json["__type"]?.text.map { String($0.split(separator: "#").last ?? "") }
                answer.message = json["message"]?.text
                answer.code =
                    answer.header("x-amzn-query-error").map { String($0.prefix { $0 != ";" }) } ?? answer.shape
            }
            return answer
        case .query:
            var form = "Action=\(action.rawValue)&Version=2012-11-05"
            EndpointUnderTest.append(parameters, action.input, "", &form)
            request.headers.append(("content-type", "application/x-www-form-urlencoded"))
            request.body = Array(form.utf8)
            return try EndpointUnderTest.read(try await send(request), action)
        }
    }

    /// Reads an answer of the query protocol.
    static func read(_ answer: Answer, _ action: SQSAction) throws -> Answer {
        var answer = answer
        let root = try XMLTree(answer.bytes).root
        if answer.status == 200 {
            if let output = action.output, let result = root.children.first(where: { $0.name.hasSuffix("Result") }) {
                answer.body = result.json(output)
            }
        } else {
            let error = root.children.first { $0.name == "Error" }
            answer.code = error?.child("Code")?.text
            answer.message = error?.child("Message")?.text
        }
        return answer
    }

    private static func append(_ json: JSON, _ members: [WireMember], _ prefix: String, _ form: inout String) {
        for member in members {
            guard let value = json[member.name] else { continue }
            append(value, member.shape, prefix + member.queryName, &form)
        }
    }

    private static func append(_ value: JSON, _ shape: WireShape, _ name: String, _ form: inout String) {
        switch shape {
        case .list(let element):
            for (index, value) in (value.elements ?? []).enumerated() {
                append(value, element, "\(name).\(index + 1)", &form)
            }
        case .map(let element, let key, let valueName):
            for (index, member) in (value.members ?? []).enumerated() {
                form += "&\(name).\(index + 1).\(key)=\(encode(member.name))"
                append(member.value, element, "\(name).\(index + 1).\(valueName)", &form)
            }
        case .structure(let members): append(value, members, "\(name).", &form)
        default: form += "&\(name)=\(encode(value.text ?? value.description))"
        }
    }

    private static func encode(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    // MARK: Shorthand

    /// Makes a queue and returns its URL.
    func queue(_ name: String, _ attributes: JSON = .object([]), on wire: Wire = .json) async throws -> String {
        let answer = try await call(
            .createQueue, ["QueueName": .string(name), "Attributes": attributes], on: wire)
        guard let url = answer.body["QueueUrl"]?.text else { throw TestFailure("\(answer.error)") }
        return url
    }
    func fifo(_ name: String, _ more: [JSON.Member] = [], on wire: Wire = .json) async throws -> String {
        try await queue(
            name, .object([.init("FifoQueue", "true"), .init("ContentBasedDeduplication", "true")] + more), on: wire)
    }
    /// Receives up to ten messages with all that belongs to them.
    func receive(_ url: String, on wire: Wire, _ more: [JSON.Member] = []) async throws -> [JSON] {
        let members: [JSON.Member] =
            [
                .init("QueueUrl", .string(url)), .init("MaxNumberOfMessages", 10), .init("AttributeNames", ["All"]),
                .init("MessageAttributeNames", ["All"]),
            ].filter { member in !more.contains { $0.name == member.name } } + more
        let answer = try await call(.receiveMessage, .object(members), on: wire)
        return answer.body["Messages"]?.elements ?? []
    }
    func counts(_ url: String) async throws -> [String] {
        let answer = try await call(
            .getQueueAttributes, ["QueueUrl": .string(url), "AttributeNames": ["All"]], on: .json)
        return ["", "NotVisible", "Delayed"].map {
            answer.body["Attributes"]?["ApproximateNumberOfMessages\($0)"]?.text ?? "-"
        }
    }
}

struct TestFailure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// An element of an XML document.
struct XMLElement {
    var name: String
    var children: [XMLElement] = []
    var text = ""

    func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    /// The members of a structure, in the terms of AWS JSON.
    func json(_ members: [WireMember]) -> JSON {
        .object(
            members.compactMap { member in
                let found = children.filter { $0.name == member.queryName }
                guard !found.isEmpty else { return nil }
                switch member.shape {
                case .list(let shape): return .init(member.name, .array(found.map { $0.json(shape) }))
                case .map(let shape, let key, let value):
                    return .init(
                        member.name,
                        .object(
                            found.map { .init($0.child(key)?.text ?? "", $0.child(value)?.json(shape) ?? .null) }))
                default: return .init(member.name, found[0].json(member.shape))
                }
            })
    }

    private func json(_ shape: WireShape) -> JSON {
        switch shape {
        case .structure(let members): json(members)
        case .integer: .number(text)
        case .boolean: .bool(text == "true")
        default: .string(text)
        }
    }
}

/// Reads an XML document with Foundation's parser.
private final class XMLTree: NSObject, XMLParserDelegate {
    private var open: [XMLElement] = [XMLElement(name: "")]
    var root: XMLElement { open[0].children.first ?? XMLElement(name: "") }

    init(_ bytes: [UInt8]) throws {
        super.init()
        let parser = XMLParser(data: Data(bytes))
        parser.delegate = self
        guard parser.parse() else { throw TestFailure("no XML: \(String(decoding: bytes, as: UTF8.self))") }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) { open.append(XMLElement(name: name)) }
    func parser(_ parser: XMLParser, foundCharacters text: String) { open[open.count - 1].text += text }
    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        let element = open.removeLast()
        open[open.count - 1].children.append(element)
    }
}
