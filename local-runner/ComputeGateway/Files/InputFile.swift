/// A file that a call names.
struct InputFile: Equatable, Sendable {
    /// Where it stands in the call, for messages: `inputs.dataset`.
    var name: String
    var uri: String
    /// `sha256:` and the hexadecimal digest that its bytes must have; nil: any.
    var digest: String?
}
