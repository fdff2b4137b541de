import Foundation
import TestServers

/// A program run to its end.
struct ProgramRun: Sendable {
    var status: Int32
    var output: String
    var errors: String

    /// Runs the program and waits until it ends; throws if it does not end in time, and then kills it.
    init(
        _ program: URL, _ arguments: [String], environment: [String: String] = [:], input: String? = nil,
        within timeout: Duration = .seconds(120)
    ) async throws {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = environment.merging(["PATH": "/usr/local/bin:/usr/bin:/bin"]) { old, _ in old }
        let (output, errors, stdin) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = stdin
        try process.runUnblocked()
        let pid = process.processIdentifier
        let watch = Task {
            try await Task.sleep(for: timeout)
            kill(pid, SIGKILL)
        }
        defer { watch.cancel() }
        async let text = output.text()
        async let errorText = errors.text()
        let writer = stdin.fileHandleForWriting
        try await onOwnThread {
            if let input { try writer.write(contentsOf: Data(input.utf8)) }
            try writer.close()
        }
        self.output = await text
        self.errors = await errorText
        await process.ended()
        if process.terminationReason == .uncaughtSignal, process.terminationStatus == SIGKILL {
            let call = ([program.lastPathComponent] + arguments).joined(separator: " ")
            throw TestServerError(description: "\(call) has not ended within \(timeout): \(self.output)\(self.errors)")
        }
        status = process.terminationStatus
    }

    /// The package's folder.
    static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Calls `body` with a new folder, and removes it.
    static func inFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "headgate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder)
    }
}
