private import Glibc
package import Logging
package import Model

/// Writes log entries to standard error, one line each: JSON, or `time level message key=value` for people.
package struct LineLogHandler: LogHandler {
    /// How entries are written; the raw values are those of `HEADGATE_LOG_FORMAT`.
    package enum Format: String, Sendable {
        /// An object with `time`, `level`, `message` and the metadata by key, all strings.
        case json
        /// For a terminal; line breaks become spaces.
        case text
    }

    /// Added to every entry; an entry's own value of a key wins.
    package var metadata: Logger.Metadata = [:]
    /// Entries below this level are not written.
    package var logLevel: Logger.Level
    private let format: Format
    private let now: @Sendable () -> Timestamp

    /// A handler without metadata.
    ///
    /// - Parameter now: the time of an entry.
    package init(level: Logger.Level, format: Format, now: @escaping @Sendable () -> Timestamp) {
        logLevel = level
        self.format = format
        self.now = now
    }

    /// The value of one metadata key, for every later entry.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one entry in a single write.
    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        var line: [UInt8]
        switch format {
        case .json:
            var members: [JSON.Member] = [
                .init("time", .time(now())), .init("level", .string(event.level.rawValue)),
                .init("message", .string(event.message.description)),
            ]
            for (key, value) in all.sorted(by: { $0.key < $1.key }) {
                members.append(.init(key, .string(value.description)))
            }
            line = JSON.object(members).serialized
        case .text:
            let fields = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
            line = Array("\(now()) \(event.level.rawValue) \(event.message)\(fields)".utf8)
            // One entry, one line.
            for index in line.indices where line[index] == 10 || line[index] == 13 { line[index] = 32 }
        }
        line.append(10)
        // Errors are ignored: a closed standard error must not make the function fail.
        _ = unsafe line.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    }
}
