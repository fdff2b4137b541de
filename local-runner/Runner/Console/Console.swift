import Glibc
package import Model
import Synchronization

/// Prints the lines of the runner and of all its functions: one line per event, prefixed by the function (and coloured
/// on a terminal), or as JSON.
package final class Console: Sendable {
    /// How a line is written.
    package enum Format: String, Sendable, CaseIterable {
        /// `12:03:04.123 loader-1         │ …`
        case text
        /// One object per line: `{"process":"loader-1",…}`.
        case json
    }

    /// How this console writes lines.
    package let format: Format
    /// Whether the output is a terminal that may be coloured.
    package let isTerminal: Bool

    private let descriptor: Int32
    private let now: @Sendable () -> Timestamp
    /// The line that stays at the bottom of a terminal; empty: none.
    private let status = Mutex("")

    /// A console on a file descriptor, standard output by default.
    ///
    /// - Parameter isTerminal: nil: decided by the descriptor and the environment variable `NO_COLOR`.
    package init(
        format: Format, descriptor: Int32 = 1, isTerminal: Bool? = nil, now: @escaping @Sendable () -> Timestamp
    ) {
        self.format = format
        self.descriptor = descriptor
        self.now = now
        let isCapable = unsafe isatty(descriptor) == 1 && getenv("NO_COLOR") == nil
        self.isTerminal = format == .text && (isTerminal ?? isCapable)
    }

    /// Prints a message of the runner itself.
    package func say(_ text: String) { print(text, from: "runner") }

    /// Prints a line of a process's output.
    ///
    /// - Parameter requestID: of the invocation that it belongs to; part of the line in JSON only.
    package func print(_ text: String, from process: String, requestID: String? = nil) {
        switch format {
        case .text:
            let prefix = Console.prefix(process, at: now(), isColoured: isTerminal)
            // Carriage returns within a line, as awslambdaric writes stack traces, would write over its beginning.
            for part in text.split(separator: "\r", omittingEmptySubsequences: false) { write(prefix + part) }
        case .json: write(Console.json(text, from: process, requestID, at: now()))
        }
    }

    /// Prints a line as it is, without time and process; nothing in JSON.
    package func plain(_ text: String) {
        if format == .text { write(text) }
    }

    /// Sets the line at the bottom of a terminal; does nothing elsewhere.
    package func setStatus(_ text: String) {
        guard isTerminal else { return }
        status.withLock { status in
            status = text
            put("\r\u{1B}[2K\(text)")
        }
    }

    private func write(_ line: String) {
        status.withLock { status in
            put(status.isEmpty ? "\(line)\n" : "\r\u{1B}[2K\(line)\n\(status)")
        }
    }

    /// Called with the lock held, so that lines never mix.
    private func put(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            // Nobody reads any more: a closed terminal must not stop the work.
            guard count > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    private static func prefix(_ process: String, at time: Timestamp, isColoured: Bool) -> String {
        let clock = time.description.dropFirst(11).dropLast()
        let name = process + String(repeating: " ", count: max(0, 16 - process.utf8.count))
        guard isColoured else { return "\(clock) \(name) | " }
        // The number of a process does not affect its colour.
        let function = process.prefix { !$0.isNumber }
        let colours = [36, 32, 33, 35, 34, 96, 92, 95]
        let colour = process == "runner" ? 1 : colours[function.utf8.reduce(0) { ($0 * 31 + Int($1)) % 8 }]
        return "\u{1B}[2m\(clock)\u{1B}[0m \u{1B}[\(colour)m\(name)\u{1B}[0m \u{1B}[2m│\u{1B}[0m "
    }

    /// A function's own JSON line gets the process as its first member; any other line becomes the message of an
    /// object.
    private static func json(
        _ text: String, from process: String, _ requestID: String?, at time: Timestamp
    ) -> String {
        var members = [JSON.Member("process", .string(process))]
        if let requestID { members.append(.init("requestId", .string(requestID))) }
        if text.hasPrefix("{\""), text.hasSuffix("}") {
            return "\(JSON.object(members).description.dropLast()),\(text.dropFirst())"
        }
        members += [.init("time", .time(time)), .init("message", .string(text))]
        return JSON.object(members).description
    }
}
