import Glibc

/// Why the runner could not start or go on: a sentence for a person, with what to do about it.
package struct RunnerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Who can do something about it; decides the exit code.
    package enum Code: Sendable {
        /// The command line, a file or the machine needs fixing by the user.
        case setup
        /// Something else is in the way: a second `up`, or a port in use.
        case busy
        /// A process that the runner needs ended or did not become ready.
        case failed
    }

    package var code: Code
    package var message: String

    /// An error of this kind with its message.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// A failed system call, with the system's own text for `errno`.
    package static func system(_ message: String, _ error: Int32 = errno) -> RunnerError {
        RunnerError(.failed, "\(message): \(unsafe String(cString: strerror(error)))")
    }

    /// The message alone.
    package var description: String { message }
}
