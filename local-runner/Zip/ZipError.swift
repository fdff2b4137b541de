/// Why an archive is not unpacked.
package struct ZipError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of refusal.
    package enum Code: Hashable, Sendable {
        /// There is no directory at the end of the bytes.
        case notAnArchive
        /// It contradicts itself, or its contents are not what its directory says.
        case damaged
        /// It is valid, but not read here: encryption, zip64, other methods than stored and deflate, devices.
        case unsupported
        /// An entry would be written elsewhere than in the folder, or leads there.
        case unsafePath
        /// Two entries have one path, or an entry is within a file.
        case duplicate
        /// It exceeds a limit.
        case tooLarge
        /// The folder exists already, and is not empty.
        case exists
        /// The system refuses to write.
        case system
    }

    /// The kind of refusal.
    package var code: Code
    /// The entry's name, as far as it can be shown; nil: it is the whole archive.
    package var entry: String?
    /// What is wrong.
    package var message: String

    init(_ code: Code, _ message: String, entry: String? = nil) {
        self.code = code
        self.message = message
        // A name is the archive's: it may be long, and have characters that move a cursor.
        self.entry = entry.map { name in
            let shown = String(name.unicodeScalars.prefix(200).map { $0.properties.isPrintable ? Character($0) : "?" })
            return shown.unicodeScalars.count < name.unicodeScalars.count ? shown + "…" : shown
        }
    }

    /// What is wrong, and with which entry.
    package var description: String { entry.map { "entry \"\($0)\": \(message)" } ?? "the archive \(message)" }
}

extension Unicode.Scalar.Properties {
    fileprivate var isPrintable: Bool {
        switch generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
        default: true
        }
    }
}
