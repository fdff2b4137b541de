import Glibc
import LocalRunner
import Processes

/// Where the tests find the project and its programs, and a directory of their own.
enum Place {
    /// The directory of the package.
    static let project = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
    /// The directory of the built programs: that of the test program.
    static let programs = LocalFile.link("/proc/self/exe")!.split(separator: "/").dropLast().reduce("") {
        "\($0)/\($1)"
    }

    static let environment = ["PATH": "/usr/local/bin:/usr/bin:/bin"]

    /// Calls `body` with the path of a new directory, which is removed afterwards.
    static func temporary<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        var template = Array("/tmp/headgate-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw RunnerError(.failed, "no temporary directory") }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Postgres runs as another user where the tests are root's.
        chmod(path, 0o755)
        do {
            let value = try await body(path)
            try await remove(path)
            return value
        } catch {
            try await remove(path)
            throw error
        }
    }

    private static func remove(_ path: String) async throws {
        let child = try await Spawner().start(
            SpawnRequest(label: "rm", executable: "rm", arguments: ["-rf", path], environment: environment),
            output: { _ in })
        _ = await child.exit.wait()
    }

    /// Writes a program of a few shell lines.
    static func script(_ path: String, _ lines: String) throws {
        try LocalFile.write("#!/bin/sh\n\(lines)\n", to: path, mode: 0o755)
    }
}

/// Waits until something holds, for at most 30 seconds; true where it came to hold. The condition is one that no event
/// announces, such as the end of another process's child.
func eventually(_ holds: () async throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(30)
    while try await !holds() {
        guard ContinuousClock.now < deadline else { return false }
        // Not a guess at how long it takes: a pause between two looks, which leaves the processor to what is awaited.
        try? await Task.sleep(for: .milliseconds(5))
    }
    return true
}
