import Glibc

/// Keeps a second gateway out of a directory, until it is released or the process ends, in whatever way: the two would
/// give models the same version.
final class DirectoryClaim: Sendable {
    private let descriptor: Int32

    init(_ directory: String) throws(GatewayError) {
        let path = "\(directory)/gateway.lock"
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .platform("cannot open \(path): \(unsafe String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .user("another compute gateway uses \(directory): stop it, or choose another with --directory")
        }
        // Stored last: `deinit` also runs after a throw behind it, and would close somebody else's descriptor.
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Lets another have the directory. Closing alone does not at once: a process that is just being started has a copy
    /// of the descriptor until it runs its program.
    func release() { flock(descriptor, LOCK_UN) }
}
