import ArgumentParser
import Curl
import FunctionRuntime
import Glibc
import HTTP
import Model

/// Calls the API; a refusal becomes a message on standard error and an exit code.
struct APIClient {
    let url: String
    private let key: String
    private let tenant: String?
    private let http = HTTPClient()

    init(_ connection: Connection) throws {
        let ready = FileText.read(".headgate/ready.json").flatMap { try? JSON(parsing: $0) }
        func setting(_ given: String?, _ variable: String, _ field: String) -> String? {
            given ?? FunctionSettings.variable(variable) ?? ready?[field]?.text
        }
        url = setting(connection.api, "HEADGATE_API", "api") ?? "http://127.0.0.1:8080"
        guard let key = setting(connection.key, "HEADGATE_KEY", "key") else {
            APIClient.say("there is no key: give --key, set HEADGATE_KEY, or run where .headgate/ready.json is")
            throw ExitCode(77)
        }
        self.key = key
        tenant = connection.tenant
    }

    func call(
        _ method: String, _ path: String, query: [(String, String?)] = [], body: JSON? = nil
    ) async throws -> JSON {
        try await call(method, path, query: query, bytes: body?.serialized, type: "application/json")
    }

    /// What is at a path; nil if there is nothing.
    func find(_ path: String) async throws -> JSON? {
        try await call("GET", path, bytes: nil, type: "application/json", isOptional: true)
    }

    private static func refuse(_ text: String) throws {
        say(text)
        throw ExitCode(64)
    }

    func call(
        _ method: String, _ path: String, query: [(String, String?)] = [], bytes: [UInt8]?, type: String
    ) async throws -> JSON {
        try await call(method, path, query: query, bytes: bytes, type: type, isOptional: false) ?? .null
    }

    private func call(
        _ method: String, _ path: String, query: [(String, String?)] = [], bytes: [UInt8]?, type: String,
        isOptional: Bool
    ) async throws -> JSON? {
        // An empty argument, as from an unset shell variable, or a dot segment, which is removed on the way (RFC 3986,
        // 5.2.4), would address what is above: a list.
        for part in path.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            if part.isEmpty { try APIClient.refuse("a name or an id is empty: \(path)") }
            if part == "." || part == ".." { try APIClient.refuse("\"\(part)\" is no name and no id: \(path)") }
        }
        let given = query.compactMap { name, value in value.map { "\(name)=\(APIClient.encode($0))" } }
        let address = url + path + (given.isEmpty ? "" : "?" + given.joined(separator: "&"))
        var headers = [(name: "Authorization", value: "Bearer \(key)"), (name: "Content-Type", value: type)]
        if let tenant { headers.append(("Headgate-Tenant", tenant)) }
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try await http.execute(
                HTTPRequest(
                    method: method, url: address, headers: headers, body: bytes, timeout: .seconds(120),
                    keptBytes: 64 << 20))
        } catch {
            APIClient.say("the API at \(url) cannot be reached: \(error.message)")
            throw ExitCode(69)
        }
        guard response.header("Server") == "Headgate" else {
            APIClient.say("what answers at \(url) is not Headgate's API: see --api and HEADGATE_API")
            throw ExitCode(69)
        }
        let answer = response.body.isEmpty ? JSON.null : (try? JSON(parsing: response.body)) ?? .null
        if isOptional, response.status == 404 { return nil }
        guard (200..<300).contains(response.status) else { throw APIClient.refusal(response.status, answer) }
        return answer
    }

    /// Prints what the API refused, and returns the exit code for it.
    private static func refusal(_ status: Int, _ problem: JSON) -> ExitCode {
        if status == 401 {
            say("the key is not valid: give another by --key or HEADGATE_KEY")
            return ExitCode(77)
        }
        say("\(problem["title"]?.text ?? "status \(status)"): \(problem["detail"]?.text ?? "")")
        let errors = problem["errors"]?.elements ?? []
        // A single mistake is in the first line already.
        for error in errors where errors.count > 1 {
            say("  \(error["pointer"]?.text ?? ""): \(error["detail"]?.text ?? "")")
        }
        switch status {
        case 400, 413, 422: return ExitCode(64)
        case 403: return ExitCode(77)
        case 404: return ExitCode(2)
        default: return ExitCode(1)
        }
    }

    static func say(_ text: String) {
        let bytes = Array("\(text)\n".utf8)
        // With standard error closed there is nobody to tell.
        _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    }

    /// The path of a schedule. A schedule from an earlier version may have the name of a call; encoding a letter tells
    /// them apart.
    static func schedulePath(_ name: String) -> String {
        guard ScheduleName(name)?.isCallName == true, let first = name.utf8.first else {
            return "/v1/schedules/\(encode(name))"
        }
        return "/v1/schedules/%\(String(first, radix: 16, uppercase: true))\(name.dropFirst())"
    }

    /// Percent-encodes a part of a path or query: everything but unreserved characters (RFC 3986).
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default: encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}
