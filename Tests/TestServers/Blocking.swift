import Foundation

/// Runs code that blocks on a thread of its own.
///
/// Tests share as many threads as there are cores, and so do the target servers inside the test process: a test that
/// waits for a process on one of them stops the others.
public func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

extension Process {
    /// Waits until the process has ended.
    public func ended() async {
        try? await onOwnThread { self.waitUntilExit() }
    }
}

extension Pipe {
    /// All that comes out of the pipe, once nobody can write into it any more.
    public func text() async -> String {
        let handle = fileHandleForReading
        let data = try? await onOwnThread { handle.readDataToEndOfFile() }
        return String(decoding: data ?? Data(), as: UTF8.self)
    }
}
