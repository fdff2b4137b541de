import Crypto
import Model
import Synchronization

/// Registered models: `models/NAME/v1.json`, `v2.json`, … of the gateway's directory, each an exact copy.
///
/// A registration is claimed by its key before the copy is made (`models/NAME/registrations/…`), so that a work that is
/// killed in between and begun again gets the same version.
final class ModelRegistry: Sendable {
    private let root: String
    /// One registration at a time: the next version is the highest plus one.
    private let turn = Mutex(())

    /// - Parameter directory: the gateway's; absolute.
    init(directory: String) { root = "\(directory)/models" }

    /// Registers a model once per key.
    ///
    /// - Parameters:
    ///   - name: 1 to 64 of `a-z A-Z 0-9 - _`.
    ///   - metrics: kept beside the registration, for those who look at it.
    func register(
        _ model: [UInt8], name: String, key: String, metrics: JSON?
    ) throws(GatewayError) -> FileReference {
        guard (1...64).contains(name.unicodeScalars.count), name.unicodeScalars.allSatisfy(ArtifactStore.isSafe) else {
            throw .user("inputs.name: expected 1 to 64 letters, digits, hyphens or underscores")
        }
        return try turn.withLock { _ throws(GatewayError) in
            try claimAndCopy(model, name: name, key: key, metrics: metrics)
        }
    }

    private func claimAndCopy(
        _ model: [UInt8], name: String, key: String, metrics: JSON?
    ) throws(GatewayError) -> FileReference {
        let folder = "\(root)/\(name)"
        let claims = "\(folder)/registrations"
        try Disk.makeDirectory(claims)
        let claim = "\(claims)/\(FileReference.hexadecimal(SHA256.hash(data: Array(key.utf8)))).json"
        let version: Int
        if let claimed = ModelRegistry.version(claim) {
            version = claimed
        } else {
            let taken = Disk.names(in: claims).compactMap { ModelRegistry.version("\(claims)/\($0)") }
            version = (taken.max() ?? 0) + 1
            let json: JSON = [
                "version": .integer(version), "key": .string(key), "digest": .string(FileReference.digest(model)),
                "metrics": metrics ?? .null,
            ]
            try Disk.write(json.serialized, to: claim)
        }
        let path = "\(folder)/v\(version).json"
        try Disk.write(model, to: path)
        return FileReference(path: path, bytes: model, mediaType: ArtifactStore.Format.json.mediaType)
    }

    private static func version(_ claim: String) -> Int? {
        guard claim.hasSuffix(".json"), let bytes = try? Disk.read(claim, limit: PermittedFiles.largestDocument) else {
            return nil
        }
        return (try? JSON(parsing: bytes))?["version"]?.int
    }
}
