private import Glibc

/// Reading and replacing small files as a whole.
package enum FileText {
    /// A file's bytes; nil if it cannot be read.
    package static func read(_ path: String) -> [UInt8]? {
        guard let file = unsafe fopen(path, "re") else { return nil }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&buffer, 1, buffer.count, file)
            if count == 0 { return unsafe ferror(file) == 0 ? bytes : nil }
            bytes.append(contentsOf: buffer[..<count])
        }
    }

    /// Replaces a file atomically (by `rename`), so that a reader sees either the old text or the new one. False if it
    /// failed; then the file is unchanged.
    @discardableResult
    package static func replace(_ path: String, with text: String) -> Bool {
        let temporary = "\(path).new"
        guard let file = unsafe fopen(temporary, "we") else { return false }
        let bytes = Array(text.utf8)
        let written = unsafe fwrite(bytes, 1, bytes.count, file)
        let isClosed = unsafe fclose(file) == 0
        guard isClosed, written == bytes.count else { return false }
        return unsafe rename(temporary, path) == 0
    }
}
