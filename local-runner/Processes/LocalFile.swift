import Glibc

/// Small files and directories, read and written as a whole.
package enum LocalFile {
    /// The file's text; nil if it cannot be read. Works for `/proc` files too, whose size is not known beforehand.
    package static func text(_ path: String) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }

    /// The file's bytes; nil if it cannot be read.
    package static func bytes(_ path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? bytes : nil }
            bytes += buffer[..<count]
        }
    }

    /// Writes a file under another name, syncs it and renames it: readers see nothing or everything.
    ///
    /// - Parameter isDurable: it outlives a loss of power.
    package static func write(
        _ text: String, to path: String, mode: UInt32 = 0o600, isDurable: Bool = true
    ) throws {
        try write(Array(text.utf8), to: path, mode: mode, isDurable: isDurable)
    }

    /// The same with bytes.
    package static func write(
        _ bytes: [UInt8], to path: String, mode: UInt32 = 0o600, isDurable: Bool = true
    ) throws {
        let temporary = "\(path).\(getpid()).new"
        unsafe unlink(temporary)
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw RunnerError.system("cannot write \(temporary)") }
        var isWritten = true
        var rest = bytes[...]
        while isWritten, !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            isWritten = written > 0 || errno == EINTR
            rest = rest.dropFirst(max(0, written))
        }
        isWritten = isWritten && (!isDurable || fsync(descriptor) == 0)
        guard close(descriptor) == 0, isWritten, unsafe rename(temporary, path) == 0 else {
            defer { unsafe unlink(temporary) }
            throw RunnerError.system("cannot write \(path)")
        }
    }

    /// Creates a directory and its parents; does nothing if it exists.
    package static func makeDirectory(_ path: String, mode: UInt32 = 0o755) throws {
        guard !isDirectory(path) else { return }
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        if !parent.isEmpty { try makeDirectory(path.hasPrefix("/") ? "/\(parent)" : parent) }
        guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else {
            throw RunnerError.system("cannot make the directory \(path)")
        }
    }

    /// Removes a file, or a folder with all that is in it; links are not followed. Does nothing if there is none.
    package static func remove(_ path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            unsafe unlink(path)
            return
        }
        // Others may have made it unreadable for their own purposes.
        unsafe chmod(path, 0o700)
        for name in names(in: path) { remove("\(path)/\(name)") }
        unsafe rmdir(path)
    }

    /// When a file was last changed and how long it is, as a text that differs after a change; nil: there is none.
    package static func stamp(_ path: String) -> String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return "\(status.st_ino).\(status.st_size).\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }

    /// Where a program is that a process with this working directory starts: by its path, or by `PATH`; nil: nowhere.
    package static func program(_ name: String, from directory: String, search: String) -> String? {
        if name.contains("/") {
            let path = name.hasPrefix("/") ? name : "\(directory)/\(name)"
            return isExecutable(path) ? path : nil
        }
        return search.split(separator: ":").lazy.map { "\($0)/\(name)" }.first { isExecutable($0) }
    }

    /// The names in a directory, without `.` and `..`; empty if it cannot be read.
    package static func names(in directory: String) -> [String] {
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Whether the path is a directory, or a link to one.
    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether the path is a file that this process may execute.
    package static func isExecutable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 && !isDirectory(path) }

    /// What a symbolic link points to; nil if it is none or cannot be read.
    package static func link(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe readlink(path, $0.assumingMemoryBound(to: CChar.self).baseAddress!, $0.count)
        }
        return count >= 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }

    /// The absolute path of an existing file with links resolved; nil if there is none.
    package static func absolute(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}
