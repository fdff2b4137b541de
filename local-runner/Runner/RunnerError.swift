import Glibc

/// Why the runner could not start, or could not go on: a sentence for a person, with what to do about it.
package struct RunnerError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The command line, a file or the machine lacks something that the user can mend.
        case setup
        /// Another process is in the way: a second `up`, or a taken port.
        case busy
        /// A process that the runner needs ended or did not get ready.
        case failed
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// A failed system call, with the system's own text for `errno`.
    static func system(_ message: String, _ error: Int32 = errno) -> RunnerError {
        RunnerError(.failed, "\(message): \(unsafe String(cString: strerror(error)))")
    }

    package var description: String { message }
}
