import Foundation
import Synchronization

/// A real server for tests, started by a script that stops it and removes its data when this process ends.
public final class TestServer: Sendable {
    /// The port on 127.0.0.1.
    public let port: Int
    /// The server's own process, not the script's.
    public let pid: Int32
    private let process: Mutex<Process>
    private let lifeline: Pipe
    /// Kept open: the script would be killed by what it writes into a closed one before it has removed the data.
    private let output: Pipe

    private init(script: String, port: Int, arguments: [String]) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [root.appending(path: "infra/scripts/\(script)").path(), "\(port)"] + arguments
        output = Pipe()
        lifeline = Pipe()
        process.standardInput = lifeline
        process.standardOutput = output
        process.standardError = output
        try process.runUnblocked()
        var said: [String] = []
        var pid: Int32?
        while pid == nil {
            guard let line = TestServer.line(of: output.fileHandleForReading) else {
                throw TestServerError(
                    description: "\(script) did not start on port \(port): \(said.joined(separator: "\n"))")
            }
            said.append(line)
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "ready" { pid = Int32(words[1]) }
        }
        self.port = port
        self.pid = pid!
        self.process = Mutex(process)
    }

    /// The next line without its end, or nil at the end of the stream.
    private static func line(of handle: FileHandle) -> String? {
        var line = Data()
        while true {
            let byte = handle.readData(ofLength: 1)
            if byte.isEmpty { return line.isEmpty ? nil : String(decoding: line, as: UTF8.self) }
            if byte[0] == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line += byte
        }
    }

    /// Has the server stopped and its data removed, and does not wait for it.
    public func stop() { try? lifeline.fileHandleForWriting.close() }

    /// Stops the server, removes its data, and waits until that is done.
    public func end() async {
        stop()
        try? await onOwnThread { self.process.withLock { $0.waitUntilExit() } }
    }

    /// Sends a signal to the server's process.
    public func signal(_ number: Int32) { kill(pid, number) }

    /// Starts a Redis with these options of `ephemeral-redis.sh` and `redis-server`.
    public static func redis(_ options: [String] = [], port: Int? = nil) async throws -> TestServer {
        try await start("ephemeral-redis.sh", port: port, arguments: options)
    }

    /// The password of every role.
    public static let password = "test"
    /// Starts a Postgres with these settings, each as `name=value`.
    public static func postgres(
        _ settings: [String] = ["fsync=off"], port: Int? = nil
    ) async throws -> TestServer {
        try await start("ephemeral-postgres.sh", port: port, arguments: [password] + settings)
    }

    /// Without a port a free one is chosen. Another process may take it before the server listens there: then another
    /// is tried.
    private static func start(_ script: String, port: Int?, arguments: [String]) async throws -> TestServer {
        try await onOwnThread {
            if let port { return try TestServer(script: script, port: port, arguments: arguments) }
            do {
                return try TestServer(script: script, port: freePort(), arguments: arguments)
            } catch let error as TestServerError {
                print("trying another port: \(error)")
                return try TestServer(script: script, port: freePort(), arguments: arguments)
            }
        }
    }

    /// A Redis shared by all suites of this process; started when first used.
    public static let sharedRedis = Task { try await redis() }
    /// A Postgres shared by all suites of this process; started when first used.
    public static let sharedPostgres = Task { try await postgres() }

    /// The URL of a Redis.
    public var redisURL: String { "redis://127.0.0.1:\(port)" }
    /// The URL of a Postgres, for a role and database.
    public func postgresURL(user: String = "postgres", database: String = "postgres") -> String {
        "postgresql://\(user):\(TestServer.password)@127.0.0.1:\(port)/\(database)"
    }
}

extension Process {
    /// Runs on a thread that stays and blocks no signals. A child that is to die with its parent dies with the thread
    /// that started it, and a child inherits the signal mask: pool threads block nearly every signal, and a shell would
    /// then never notice the end of its own children.
    public func runUnblocked() throws { try ChildStarter.shared.run(self) }

    /// Runs a Headgate function, which ends when this process ends, however that happens. It inherits only the
    /// environment in `environment`.
    public func runFunction() throws {
        // A handle: of a `Pipe` the reading end would be closed after the first process.
        standardInput = ChildStarter.lifeline.fileHandleForReading
        environment = (environment ?? [:]).merging(["HEADGATE_LIFELINE": "0"]) { $1 }
        try runUnblocked()
    }
}

/// The thread that starts processes.
private final class ChildStarter: Sendable {
    static let shared = ChildStarter()
    /// Only this process has its writing end, which is never closed.
    static let lifeline = Pipe()

    private let work = Mutex<[@Sendable () -> Void]>([])
    private let isWorkLeft = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            var none = sigset_t()
            sigemptyset(&none)
            pthread_sigmask(SIG_SETMASK, &none, nil)
            while true {
                isWorkLeft.wait()
                work.withLock { $0.removeFirst() }()
            }
        }
        thread.start()
    }

    func run(_ process: Process) throws {
        let isStarted = DispatchSemaphore(value: 0)
        let result = Mutex<(any Error)?>(nil)
        work.withLock { work in
            work.append {
                do { try process.run() } catch { result.withLock { $0 = error } }
                isStarted.signal()
            }
        }
        isWorkLeft.signal()
        isStarted.wait()
        if let error = result.withLock({ $0 }) { throw error }
    }
}

/// Why a server could not be started, or a condition did not come true.
public struct TestServerError: Error, CustomStringConvertible {
    /// What went wrong, in a sentence.
    public let description: String
    /// An error with this text.
    public init(description: String) { self.description = description }
}

/// A TCP port of the loopback interface that nothing listens on now.
///
/// No port is given twice in this process. It is below those that the system gives to outgoing connections and to listeners that name none: one of these could
/// be taken before the server that it is for has begun to listen.
public func freePort() -> Int {
    for _ in 0..<100 {
        let port = Int.random(in: 10_000..<32_768)
        if isBindable(port), givenPorts.withLock({ $0.insert(port).inserted }) { return port }
    }
    preconditionFailure("no port is free")
}

private let givenPorts = Mutex<Set<Int>>([])

private func isBindable(_ port: Int) -> Bool {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = UInt16(port).bigEndian
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            bind(socket, generic, length) == 0
        }
    }
}

/// Waits until a condition holds, checking every few milliseconds; throws after the timeout, with `what` in the
/// message.
public func eventually(
    _ what: String, within timeout: Duration = .seconds(45), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + timeout
    while try await !condition() {
        if ContinuousClock.now > deadline { throw TestServerError(description: "not within \(timeout): \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
