import Foundation
import Glibc

/// A folder of a test's own, which is removed at the end.
struct Scratch: ~Copyable {
    let path: String

    init() {
        var template = Array("/tmp/zip-tests.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("no temporary folder: \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Scratch.remove(path) }

    /// Writes a zip file as a Python program says, which finds `p` (the file's name), `zipfile` and a few helpers.
    func zip(_ program: String) -> [UInt8] {
        let file = "\(path)/made.zip"
        // Python's import begins no line: modules.py would take it for one of Swift.
        let prelude = """
            pass; import struct, sys, zipfile
            from zipfile import ZipFile, ZipInfo, ZIP_STORED, ZIP_DEFLATED
            p = sys.argv[1]
            def info(name, mode=0o100644, method=ZIP_DEFLATED):
                i = ZipInfo('x'); i.filename = name; i.create_system = 3; i.external_attr = mode << 16; i.compress_type = method
                return i
            def write(*entries):
                with ZipFile(p, 'w') as z:
                    for i, data in entries: z.writestr(i, data)
            def patch(change):
                b = bytearray(open(p, 'rb').read()); b = change(b) or b; open(p, 'wb').write(b)
            def local(b, nth=0): return [i for i in range(len(b)) if b[i:i+4] == b'PK\\x03\\x04'][nth]
            def central(b, nth=0): return [i for i in range(len(b)) if b[i:i+4] == b'PK\\x01\\x02'][nth]
            def end(b): return b.rindex(b'PK\\x05\\x06')
            def put(b, at, value, size=4): b[at:at+size] = value.to_bytes(size, 'little')

            """
        Scratch.remove(file)
        guard let python = popen("python3 - \(file)", "w") else { return [] }
        fputs(prelude + program, python)
        pclose(python)
        return Scratch.bytes(file) ?? []
    }

    /// The names in the folder and all that is in it, but not the zip file.
    var names: [String] {
        let found = try? FileManager.default.subpathsOfDirectory(atPath: path)
        return (found ?? []).filter { $0 != "made.zip" }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Removes a file, or a folder with all that is in it.
    static func remove(_ path: String) {
        if lstatMode(path) != nil { try? FileManager.default.removeItem(atPath: path) }
    }

    static func bytes(_ file: String) -> [UInt8]? {
        guard let stream = fopen(file, "r") else { return nil }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, stream)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    static func text(_ file: String) -> String? { bytes(file).map { String(decoding: $0, as: UTF8.self) } }

    static func permissions(_ file: String) -> mode_t? { lstatMode(file).map { $0 & 0o7777 } }

    private static func lstatMode(_ file: String) -> mode_t? {
        var status = stat()
        return lstat(file, &status) == 0 ? status.st_mode : nil
    }
}
