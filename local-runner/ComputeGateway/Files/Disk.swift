import Glibc
import Synchronization

/// Files read and written as a whole. Errors are of class `platform`, except that a file may be absent or too large.
enum Disk {
    private static let writes = Atomic(0)

    /// Why a file could not be read.
    enum ReadError: Error {
        case absent
        case notAFile
        /// Larger than the limit; its size in bytes.
        case tooLarge(Int)
        case system(String)
    }

    /// The bytes of a regular file, of at most `limit` bytes. A link as the last part of the path is not followed.
    static func read(_ path: String, limit: Int) throws(ReadError) -> [UInt8] {
        // Without O_NONBLOCK the opening of a pipe would wait for a writer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw .absent }
            throw .system(reason)
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .system(reason) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        guard status.st_size <= limit else { throw .tooLarge(status.st_size) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(status.st_size)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .system(reason) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            // It may be growing.
            if bytes.count > limit { throw .tooLarge(bytes.count) }
        }
    }

    /// Writes a file under another name and renames it: readers see nothing or everything, also after a kill.
    static func write(_ bytes: [UInt8], to path: String) throws(GatewayError) {
        let number = writes.add(1, ordering: .relaxed).newValue
        let temporary = "\(path).\(getpid()).\(number).new"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .platform("cannot write \(temporary): \(reason)") }
        var rest = bytes[...]
        var failure: String?
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 {
                failure = reason
                break
            }
            rest = rest.dropFirst(count)
        }
        if failure == nil, fsync(descriptor) != 0 { failure = reason }
        close(descriptor)
        if failure == nil, unsafe rename(temporary, path) != 0 { failure = reason }
        guard let failure else { return }
        unsafe unlink(temporary)
        throw .platform("cannot write \(path): \(failure)")
    }

    /// Creates a directory and its parents; does nothing if it exists.
    static func makeDirectory(_ path: String) throws(GatewayError) {
        guard absolute(path) == nil else { return }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try makeDirectory(String(path[..<slash])) }
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw .platform("cannot make the directory \(path): \(reason)")
        }
    }

    /// The names in a directory; empty if there is none.
    static func names(in directory: String) -> [String] {
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            names.append(
                unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
                })
        }
        return names
    }

    /// The absolute path of what exists, with links resolved; nil if it does not.
    static func absolute(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    private static var reason: String { unsafe String(cString: strerror(errno)) }
}
