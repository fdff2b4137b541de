import Curl
import Foundation
import HTTP
import Model
import TestServers
import TestTarget
import Testing

@Suite(.serialized) struct HTTPTests {
    private func withTarget(_ body: (String) async throws -> Void) async throws {
        let target = try await TargetServer.start(port: 0, logFile: nil, now: { .epoch })
        do { try await body("http://127.0.0.1:\(target.port)") } catch {
            try await target.stop()
            throw error
        }
        try await target.stop()
    }

    @Test func `a call is answered with status, headers and body`() async throws {
        try await withTarget { target in
            let request = HTTPRequest(
                method: "PUT", url: "\(target)/echo", headers: [("X-One", "1"), ("X-Empty", "")], body: Array("hi".utf8)
            )
            let answer = try await HTTPClient().execute(request)
            #expect(answer.status == 200)
            let text = String(decoding: answer.body, as: UTF8.self)
            #expect(text.contains("PUT") && text.lowercased().contains("x-one") && text.contains("hi"))
        }
    }

    @Test func `a host with letters beyond ASCII is called by its ASCII form`() async throws {
        try await withTarget { target in
            let port = target.split(separator: ":").last!
            // Names below localhost are this machine (RFC 6761, 6.3).
            let request = HTTPRequest(
                method: "GET", url: "http://b\u{FC}cher.localhost:\(port)/echo", headers: [], body: nil)
            let answer = try await HTTPClient().execute(request)
            #expect(String(decoding: answer.body, as: UTF8.self).contains("xn--bcher-kva.localhost"))
        }
    }

    /// One handle makes them all: nothing of a call is left to the next.
    @Test func `headers and methods are those of the call, whatever the call before was like`() async throws {
        try await withTarget { target in
            let client = HTTPClient()
            func echoed(_ method: String, headers: [(String, String)] = [], body: String? = nil) async throws -> JSON {
                let answer = try await client.execute(
                    HTTPRequest(
                        method: method, url: "\(target)/echo", headers: headers.map { (name: $0.0, value: $0.1) },
                        body: body.map { Array($0.utf8) }, keptBytes: 65_536))
                return method == "HEAD" ? .null : try JSON(parsing: answer.body)
            }
            func own(_ echo: JSON) -> [String] {
                (echo["headers"]?.members ?? []).filter { $0.name.hasPrefix("x-") }.map {
                    "\($0.name)=\($0.value.text ?? "")"
                }
                .sorted()
            }
            for count in [1, 40, 2, 0, 17] {
                let headers = (0..<count).map { ("X-\(100 + $0)", String(repeating: "\($0 % 10)", count: 200)) }
                let echo = try await echoed("POST", headers: headers, body: "b\(count)")
                #expect(own(echo) == headers.map { "\($0.0.lowercased())=\($0.1)" }, "\(count) headers")
                #expect(echo["body"]?.text == "b\(count)")
            }
            for (method, body) in [
                ("POST", "one"), ("GET", nil), ("HEAD", nil), ("POST", nil), ("DELETE", nil), ("PUT", "two"),
                ("PATCH", nil),
                ("DELETE", "three"), ("GET", nil),
            ] as [(String, String?)] {
                let echo = try await echoed(method, body: body)
                if method == "HEAD" { continue }
                #expect(echo["method"]?.text == method && (echo["body"]?.text ?? "") == body ?? "", "\(method)")
            }
        }
    }

    @Test(arguments: [
        ("/a?b=c", "/a?b=c"), ("/ü?q=日本&r=é%20%C3%A9#ß", "/%C3%BC?q=%E6%97%A5%E6%9C%AC&r=%C3%A9%20%C3%A9"),
        ("?q=ü", "/?q=%C3%BC"), ("/x?😀", "/x?%F0%9F%98%80"), ("", "/"),
    ]) func `what is not ASCII is percent-encoded`(path: String, sent: String) async throws {
        let server = try RawServer { connection in
            while connection.readRequest() != nil { connection.answer("") }
        }
        defer { server.stop() }
        _ = try await HTTPClient().execute(HTTPRequest(url: server.url + path))
        #expect(server.requests.map { $0.prefix { $0 != "\r\n" } } == ["GET \(sent) HTTP/1.1"])
    }

    /// One handle makes them all.
    @Test func `no type is named that the call does not name`() async throws {
        let server = try RawServer { connection in
            while connection.readRequest() != nil { connection.answer("") }
        }
        defer { server.stop() }
        let client = HTTPClient()
        let json: [(name: String, value: String)] = [("content-TYPE", "application/json")]
        for (method, body, headers) in [
            ("POST", nil, []), ("POST", nil, json), ("PUT", "{}", []), ("PATCH", nil, []), ("POST", "{}", json),
            ("POST", "{}", []), ("GET", nil, []), ("DELETE", "{}", []),
        ] as [(String, String?, [(name: String, value: String)])] {
            let request = HTTPRequest(
                method: method, url: server.url, headers: headers, body: body.map { Array($0.utf8) })
            _ = try await client.execute(request)
            let lines = (server.requests.last ?? "").split(separator: "\r\n").filter {
                $0.lowercased().hasPrefix("content-type")
            }
            #expect(lines == (headers.isEmpty ? [] : ["content-TYPE: application/json"]), "\(method) \(body ?? "-")")
        }
    }

    @Test func `slow calls do not hold up quick ones`() async throws {
        try await withTarget { target in
            let client = HTTPClient()
            let order = Heard()
            await withTaskGroup(of: Void.self) { slow in
                for index in 0..<200 {
                    slow.addTask {
                        let answer = try? await client.execute(
                            HTTPRequest(url: "\(target)/slow/60s/\(index)", timeout: .seconds(120)))
                        order.append(answer == nil ? "cancelled" : "slow")
                    }
                }
                await withTaskGroup(of: Void.self) { quick in
                    for index in 0..<200 {
                        quick.addTask {
                            _ = try? await client.execute(HTTPRequest(url: "\(target)/ok/\(index)"))
                            order.append("quick")
                        }
                    }
                }
                slow.cancelAll()
            }
            #expect(order.all == Array(repeating: "quick", count: 200) + Array(repeating: "cancelled", count: 200))
        }
    }

    @Test func `timeouts, cancels, refused and broken connections are told apart`() async throws {
        try await withTarget { target in
            let client = HTTPClient()
            func code(_ request: HTTPRequest) async -> HTTPError.Code? {
                do throws(HTTPError) { _ = try await client.execute(request) } catch { return error.code }
                return nil
            }
            #expect(await code(HTTPRequest(url: "\(target)/slow/30s/x", timeout: .milliseconds(50))) == .timeout)
            #expect(await code(HTTPRequest(url: "http://127.0.0.1:\(freePort())/")) == .connect)
            #expect(await code(HTTPRequest(url: "\(target)/close/x")) == .broken)
            #expect(await code(HTTPRequest(url: "ftp://127.0.0.1/x")) == .invalid)
            #expect(await code(HTTPRequest(url: "http://no-such-host.invalid/x")) == .dns)
            let task = Task { await code(HTTPRequest(url: "\(target)/slow/30s/x")) }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            #expect(await task.value == .cancelled)
        }
    }

    @Test func `a long answer is cut to what is kept`() async throws {
        try await withTarget { target in
            let request = HTTPRequest(
                method: "POST", url: "\(target)/echo", body: Array(repeating: 65, count: 10_000), keptBytes: 100)
            let answer = try await HTTPClient().execute(request)
            #expect(answer.body.count == 100 && answer.isTruncated)
        }
    }

    @Test func `inner addresses are refused by where a name leads, unless they are allowed`() async throws {
        try await withTarget { target in
            var configuration = HTTPClient.Configuration()
            configuration.policy = .publicOnly()
            let strict = HTTPClient(configuration)
            for url in [
                target, target.replacing("127.0.0.1", with: "localhost"), "http://[::1]:9/", "http://169.254.169.254/",
            ] {
                await #expect { try await strict.execute(HTTPRequest(url: url)) } throws: {
                    ($0 as? HTTPError)?.code == .forbidden
                }
            }
            configuration.policy = .publicOnly(except: [AddressBlock("127.0.0.0/8")!])
            let answer = try await HTTPClient(configuration).execute(HTTPRequest(url: "\(target)/ok"))
            #expect(answer.status == 200)
        }
    }

    @Test(arguments: [
        ("10.1.2.3", false), ("8.8.8.8", true), ("::ffff:10.0.0.1", false), ("fe80::1", false),
        ("2606:4700::1111", true),
        ("168.63.129.16", false), ("168.63.129.17", true), ("192.88.99.1", false), ("::7f00:1", false),
        ("::8.8.8.8", false),
        ("3fff::1", false), ("3fff:fff:ffff::1", false), ("4000::1", true), ("5f00::1", false), ("100:0:0:1::1", false),
        ("::", false), ("::1", false), ("::ffff:168.63.129.16", false), ("64:ff9b::8.8.8.8", false),
        ("100.64.0.1", false), ("172.32.0.1", true), ("0.0.0.0", false), ("fd00::1", false),
    ]) func `special-purpose ranges are closed`(address: String, isOpen: Bool) throws {
        #expect(OutboundPolicy.publicOnly().permits(try #require(IPAddress(address))) == isOpen)
    }
}
