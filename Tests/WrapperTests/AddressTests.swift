import Curl
import HTTP
import Model
import TestServers
import Testing

/// Names with several addresses, of which some are refused or dead.
@Suite struct AddressTests {
    private func client(
        _ port: Int, _ addresses: String..., policy: OutboundPolicy = .unrestricted
    ) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.addresses = ["target.test:\(port):\(addresses.joined(separator: ","))"]
        configuration.policy = policy
        configuration.connectTimeout = .seconds(4)
        return HTTPClient(configuration)
    }

    private func outcome(_ client: HTTPClient, _ port: Int, timeout: Duration = .seconds(20)) async -> String {
        do throws(HTTPError) {
            return
                "\(try await client.execute(HTTPRequest(url: "http://target.test:\(port)/", timeout: timeout)).status)"
        } catch {
            return error.code.rawValue
        }
    }

    private let policy = OutboundPolicy.publicOnly(
        except: [AddressBlock("127.0.0.0/8")!], denying: [AddressBlock("127.0.0.2")!, AddressBlock("127.0.3.0/24")!])

    private func withServer(_ body: (Int) async throws -> Void) async throws {
        let server = try RawServer { connection in
            while connection.readRequest() != nil { connection.answer("") }
        }
        defer { server.stop() }
        try await body(server.port)
    }

    @Test func `a denied address is refused, although its block is allowed`() {
        #expect(policy.permits(IPAddress("127.0.0.1")!) && policy.permits(IPAddress("8.8.8.8")!))
        for address in ["127.0.0.2", "127.0.3.9", "::ffff:127.0.0.2", "10.0.0.1"] {
            #expect(!policy.permits(IPAddress(address)!), "\(address)")
        }
        let onlyDenied = OutboundPolicy.publicOnly(denying: [AddressBlock("8.8.8.0/24")!, AddressBlock("2600::/16")!])
        #expect(!onlyDenied.permits(IPAddress("8.8.8.8")!) && !onlyDenied.permits(IPAddress("2600::1")!))
        #expect(onlyDenied.permits(IPAddress("8.8.9.8")!))
    }

    @Test func `a permitted address is called, whatever stands before it`() async throws {
        try await withServer { port in
            let client = client(port, "127.0.0.2", "10.0.0.1", "127.0.0.1", policy: policy)
            #expect(await outcome(client, port) == "200")
        }
    }

    @Test func `where a permitted address fails, its failure counts`() async throws {
        let port = freePort()
        #expect(await outcome(client(port, "127.0.0.2", "127.0.0.1", policy: policy), port) == "connect")
        #expect(await outcome(client(port, "127.0.0.1", "127.0.0.2", policy: policy), port) == "connect")
        let silent = try SilentAddress("127.0.0.1", port: port)
        for addresses in [["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"]] {
            let client = client(port, addresses[0], addresses[1], policy: policy)
            #expect(await outcome(client, port, timeout: .milliseconds(700)) == "timeout")
        }
        withExtendedLifetime(silent) {}
    }

    @Test func `where no address is permitted the call is forbidden`() async throws {
        let port = freePort()
        #expect(await outcome(client(port, "127.0.0.2", policy: policy), port) == "forbidden")
        #expect(await outcome(client(port, "10.0.0.1", "127.0.0.2", policy: policy), port) == "forbidden")
    }

    @Test(arguments: [true, false]) func `a dead first address gives way to the second`(isSilent: Bool) async throws {
        try await withServer { port in
            let silent = isSilent ? try SilentAddress("127.0.0.2", port: port) : nil
            #expect(await outcome(client(port, "127.0.0.2", "127.0.0.1"), port) == "200")
            withExtendedLifetime(silent) {}
        }
    }

    @Test func `a silent address alone is a timeout, so that the test above means something`() async throws {
        let port = freePort()
        let silent = try SilentAddress("127.0.0.2", port: port)
        #expect(await outcome(client(port, "127.0.0.2"), port, timeout: .milliseconds(700)) == "timeout")
        withExtendedLifetime(silent) {}
    }
}
