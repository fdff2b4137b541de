import Glibc

/// Keeps a second runner out of a data directory, until it is released or the process ends, in whatever way.
package final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock; throws `.busy` if another process holds it.
    package init(directory: String) throws {
        let path = "\(directory)/lock"
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw RunnerError.system("cannot open \(path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            defer { close(descriptor) }
            guard errno == EWOULDBLOCK else { throw RunnerError.system("cannot lock \(path)") }
            let holder = LocalFile.text(path)?.split(separator: "\n").first.map { " (pid \($0))" } ?? ""
            throw RunnerError(
                .busy,
                "another local-runner\(holder) is using \(directory); stop it, or choose another directory with --data")
        }
        let text = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        // The pid only serves the message above.
        _ = unsafe text.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
