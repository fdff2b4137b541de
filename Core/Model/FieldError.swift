/// One mistake in a document: where it is, as a JSON Pointer (RFC 6901), and what to do about it.
public struct FieldError: Hashable, Sendable, CustomStringConvertible {
    /// `""` is the whole document, `/when/0/cron` a field in it.
    public var pointer: String
    /// What is wrong and what would be right, in a sentence without a final stop.
    public var detail: String

    public init(pointer: String, detail: String) {
        self.pointer = pointer
        self.detail = detail
    }

    public var description: String { "\(pointer.isEmpty ? "document" : pointer): \(detail)" }
}

/// All the mistakes of one document, in the order in which they stand in it. Never empty.
public struct FieldErrors: Error, Hashable, Sendable, CustomStringConvertible {
    public var errors: [FieldError]

    public init(_ errors: [FieldError]) { self.errors = errors }

    public var description: String { errors.map(\.description).joined(separator: "; ") }
}
