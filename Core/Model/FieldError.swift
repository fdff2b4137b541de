/// One mistake in a document: where it is, as a JSON Pointer (RFC 6901), and what to do about it.
public struct FieldError: Hashable, Sendable, CustomStringConvertible {
    /// `""` is the whole document, `/when/0/cron` a field in it.
    public var pointer: String
    /// What is wrong and what would be right, in a sentence without a full stop.
    public var detail: String

    /// A mistake at this place.
    public init(pointer: String, detail: String) {
        self.pointer = pointer
        self.detail = detail
    }

    /// Pointer and detail; `document` for the empty pointer.
    public var description: String { "\(pointer.isEmpty ? "document" : pointer): \(detail)" }
}

/// All the mistakes of one document, in document order. Never empty.
public struct FieldErrors: Error, Hashable, Sendable, CustomStringConvertible {
    public var errors: [FieldError]

    /// Takes at least one mistake.
    public init(_ errors: [FieldError]) { self.errors = errors }

    /// The mistakes, separated by semicolons.
    public var description: String { errors.map(\.description).joined(separator: "; ") }
}
