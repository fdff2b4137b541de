import Foundation
import Model
import Queue
import Redis
import TestServers
import Testing

@Suite(.serialized) struct RedisTests {
    @Test func `a script that the server has forgotten is loaded again`() async throws {
        let server = try await TestServer.sharedRedis.value
        let connection = RedisConnection(url: try RedisURL(server.redisURL))
        let script = RedisScript(name: "one", text: Array("return ARGV[1]".utf8))
        var arguments = RedisCommand()
        arguments.append("x")
        let call = ScriptCall(script, keys: [], arguments: arguments)
        #expect(try await connection.call([call])[0].text == "x")
        _ = try await connection.call([RedisCommand("SCRIPT", "FLUSH")])
        #expect(try await connection.call([call])[0].text == "x")
    }

    @Test(arguments: [0, 9, 10, 99, 100, 65_536, Int.max, -1, Int.min])
    func `a number is sent as its digits`(number: Int) async throws {
        let connection = RedisConnection(url: try RedisURL(try await TestServer.sharedRedis.value.redisURL))
        var command = RedisCommand("ECHO")
        command.append(number)
        #expect(try await connection.call([command])[0].text == "\(number)")
        // The length of an argument is a number, too.
        let text = String(repeating: "x", count: abs(number % 70_000))
        #expect(try await connection.call([RedisCommand("ECHO", text)])[0].text == text)
    }

    @Test func `a send wakes a receiver that waits, and a delayed message one that sleeps`() async throws {
        let url = try await RedisURL(TestServer.sharedRedis.value.redisURL)
        let queue = RedisQueue(
            name: .triggers, configuration: .init(shards: 2), url: url, prefix: "w\(UInt32.random(in: 0...UInt32.max))")
        let receiving = Task { try await queue.receive(upTo: 10, visibility: .seconds(30), wait: .seconds(20)) }
        try await Task.sleep(for: .milliseconds(100))
        _ = try await queue.send([OutgoingMessage(id: MessageID("a"), tenant: "t", body: [1])])
        #expect(try await receiving.value.map(\.id.description) == ["a"])
        let later = Task { try await queue.receive(upTo: 10, visibility: .seconds(30), wait: .seconds(20)) }
        _ = try await queue.send([
            OutgoingMessage(id: MessageID("b"), tenant: "t", delay: .milliseconds(200), body: [1])
        ])
        #expect(try await later.value.map(\.id.description) == ["b"])
    }

    @Test func `cancelling ends a wait at once`() async throws {
        let url = try await RedisURL(TestServer.sharedRedis.value.redisURL)
        let queue = RedisQueue(
            name: .triggers, configuration: .init(shards: 2), url: url, prefix: "c\(UInt32.random(in: 0...UInt32.max))")
        let receiving = Task { try await queue.receive(upTo: 10, visibility: .seconds(30), wait: .seconds(20)) }
        try await Task.sleep(for: .milliseconds(50))
        receiving.cancel()
        #expect(try await receiving.value.isEmpty)
    }

    @Test func `a server killed in the middle of a wait is an error, and the next call connects anew`() async throws {
        let port = freePort()
        let server = try await TestServer.redis(port: port)
        let queue = RedisQueue(name: .triggers, configuration: .init(shards: 1), url: try RedisURL(server.redisURL))
        _ = try await queue.send([OutgoingMessage(id: MessageID("a"), tenant: "t", delay: .seconds(60), body: [1])])
        let receiving = Task { try await queue.receive(upTo: 1, visibility: .seconds(30), wait: .seconds(20)) }
        try await Task.sleep(for: .milliseconds(100))
        server.signal(SIGKILL)
        await #expect { try await receiving.value } throws: { ($0 as? QueueError)?.code == .unavailable }
        await server.end()
        let again = try await TestServer.redis(port: port)
        defer { again.stop() }
        #expect(try await queue.send([OutgoingMessage(id: MessageID("a"), tenant: "t", body: [1])]) == [.accepted])
    }

    @Test func `a full server refuses sends and still settles`() async throws {
        let server = try await TestServer.redis()
        defer { server.stop() }
        let url = try RedisURL(server.redisURL)
        let queue = RedisQueue(name: .triggers, configuration: .init(shards: 1), url: url, outcomes: .outcomes)
        _ = try await queue.send([OutgoingMessage(id: MessageID("a"), tenant: "t", body: [1])])
        let held = try await queue.receive(upTo: 1, visibility: .seconds(30), wait: .zero)
        let connection = RedisConnection(url: url)
        _ = try await connection.call([RedisCommand("CONFIG", "SET", "maxmemory", "1mb")])
        let large = OutgoingMessage(id: MessageID("b"), tenant: "t", body: Array(repeating: 1, count: 1_000))
        await #expect { try await queue.send([large]) } throws: { ($0 as? QueueError)?.code == .full }
        let settlement = Settlement(held[0].receipt, .acknowledge, outcome: Array("done\n".utf8))
        #expect(try await queue.settle([settlement]) == [.settled])
    }

    @Test(arguments: ["localhost:1", "rediss://h", "redis://", "redis://h:99999", "redis://h/x"])
    func `a URL that is none says what is wrong`(text: String) throws {
        #expect { try RedisURL(text) } throws: { ($0 as? RedisError)?.code == .badURL }
    }
}
