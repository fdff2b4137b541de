internal import Glibc

/// A folder that is filled under another name beside its place, and put there when it is complete. What is not put there is
/// removed.
struct NewFolder: ~Copyable {
    private let place: String
    private let path: String
    /// What is to be removed, in the order in which it was made.
    private var made: [String]

    /// Makes the folder, and the ones that its place is in.
    init(for place: String) throws(ZipError) {
        self.place = place
        let slashes = place.utf8.indices.filter { place.utf8[$0] == UInt8(ascii: "/") }
        for slash in slashes where slash > place.startIndex {
            let parent = String(place[..<slash])
            guard unsafe mkdir(parent, 0o755) == 0 || errno == EEXIST else { throw NewFolder.error(making: parent) }
        }
        var template = Array("\(place).XXXXXX".utf8CString)
        guard unsafe template.withUnsafeMutableBufferPointer({ unsafe mkdtemp($0.baseAddress!) }) != nil else {
            throw NewFolder.error(making: place)
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        made = [path]
    }

    deinit {
        // remove() takes files and empty folders. What cannot be removed has a name that no later folder gets.
        for path in made.reversed() { unsafe remove(path) }
    }

    /// Makes a folder within; the ones that it is in have been made.
    mutating func makeFolder(_ name: String, permissions: mode_t) throws(ZipError) {
        let path = "\(path)/\(name)"
        guard unsafe mkdir(path, 0o700) == 0 else { throw NewFolder.error("cannot be made", name) }
        made.append(path)
        guard unsafe chmod(path, permissions) == 0 else { throw NewFolder.error("cannot be made", name) }
    }

    /// Makes a file within, and has it written.
    mutating func makeFile(
        _ name: String, permissions: mode_t, _ write: (borrowing NewFile) throws(ZipError) -> Void
    ) throws(ZipError) {
        let path = "\(path)/\(name)"
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw NewFolder.error("cannot be made", name) }
        made.append(path)
        let file = NewFile(name: name, descriptor: descriptor)
        try write(file)
        // The umask has no say.
        guard fchmod(descriptor, permissions) == 0 else { throw NewFolder.error("cannot be made", name) }
    }

    /// Makes a link within. All files have been made: none is written through it.
    mutating func makeLink(_ name: String, to target: String) throws(ZipError) {
        let path = "\(path)/\(name)"
        guard unsafe symlink(target, path) == 0 else { throw NewFolder.error("cannot be made", name) }
        made.append(path)
    }

    /// Puts the folder into its place, where there must be none, or an empty one.
    mutating func putInPlace() throws(ZipError) {
        guard unsafe chmod(path, 0o755) == 0 else { throw NewFolder.error(making: place) }
        guard unsafe rename(path, place) == 0 else {
            guard errno != ENOTEMPTY, errno != EEXIST else {
                throw ZipError(.exists, "has been unpacked to \(place) before")
            }
            throw NewFolder.error(making: place)
        }
        made = []
    }

    private static func error(making path: String) -> ZipError {
        error("cannot be unpacked to \(path)", nil)
    }

    fileprivate static func error(_ what: String, _ entry: String?) -> ZipError {
        ZipError(.system, unsafe "\(what): \(String(cString: strerror(errno)))", entry: entry)
    }
}

/// A file that is being written.
struct NewFile: ~Copyable {
    fileprivate let name: String
    fileprivate let descriptor: CInt

    deinit { close(descriptor) }

    /// Appends bytes.
    func write(_ bytes: ArraySlice<UInt8>) throws(ZipError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { throw NewFolder.error("cannot be written", name) }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
