import Crypto
import Model

/// How works ended, by their idempotency keys: one file each below `results` of the gateway's directory. Nothing deletes
/// them: a key that is repeated after years gets the same answer.
struct ResultStore: Sendable {
    private let folder: String

    /// Creates the folder.
    ///
    /// - Parameter directory: the gateway's; absolute.
    init(directory: String) throws(GatewayError) {
        folder = "\(directory)/results"
        try Disk.makeDirectory(folder)
    }

    /// The final report of the work with this key; nil if it has none. A file that cannot be read counts as none: the
    /// work is done again, and its result replaces the file.
    func report(key: String) -> JSON? {
        guard let bytes = try? Disk.read(path(key), limit: PermittedFiles.largestDocument),
            let json = try? JSON(parsing: bytes), json["key"]?.text == key
        else { return nil }
        return json["report"]
    }

    /// Keeps the final report of a work.
    func keep(_ report: JSON, key: String) throws(GatewayError) {
        let json: JSON = ["key": .string(key), "report": report]
        try Disk.write(json.serialized, to: path(key))
    }

    // A key may have any characters and length, a file's name not.
    private func path(_ key: String) -> String {
        "\(folder)/\(FileReference.hexadecimal(SHA256.hash(data: Array(key.utf8)))).json"
    }
}
