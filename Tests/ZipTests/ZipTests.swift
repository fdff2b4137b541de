import Foundation
import Testing
import Zip

@Suite struct ZipTests {
    @Test("files, folders and links are unpacked with their contents and permissions")
    func extraction() throws {
        let scratch = Scratch()
        let bytes = scratch.zip(
            """
            write((info('bootstrap', 0o100755), '#!/bin/sh\\n'), (info('lib/', 0o40700), ''),
                  (info('lib/deep/er/ä.txt', 0o100640, ZIP_STORED), 'stored'), (info('./plain', 0o100666), 'p'),
                  (info('empty', 0o100600), ''), (info('none', 0o100000), 'n'), (info('secret', 0o104111), 's'),
                  (info('folder/', 0o40755), ''), (info('link', 0o120777), 'lib/deep'), (info('x//y', 0o100644), 'y'),
                  (info('lib/up', 0o120777, ZIP_STORED), 'deep/er/ä.txt'),
                  (info('large', 0o100644), bytes(range(256)) * 12000), (info('even', 0o100644, ZIP_STORED), b'z' * 524288))
            """)
        let archive = try ZipArchive(bytes)
        #expect(archive.entries.count == 13)
        let folder = "\(scratch.path)/code/new"
        try archive.extract(to: folder)
        #expect(
            scratch.names.map { $0.replacing("code/new/", with: "") } == [
                "code", "code/new", "bootstrap", "empty", "even", "folder", "large", "lib", "lib/deep", "lib/deep/er",
                "lib/deep/er/ä.txt", "lib/up", "link", "none", "plain", "secret", "x", "x/y",
            ])
        for (name, text) in [
            ("bootstrap", "#!/bin/sh\n"), ("lib/deep/er/ä.txt", "stored"), ("lib/up", "stored"),
            ("link/er/ä.txt", "stored"), ("empty", ""), ("plain", "p"), ("x/y", "y"),
        ] {
            #expect(Scratch.text("\(folder)/\(name)") == text, "\(name)")
        }
        #expect(Scratch.bytes("\(folder)/large") == (0..<12_000).flatMap { _ in (0...255).map { UInt8($0) } })
        #expect(Scratch.bytes("\(folder)/even") == [UInt8](repeating: UInt8(ascii: "z"), count: 524_288))
        for (name, permissions) in [
            ("bootstrap", 0o755), ("lib/deep/er/ä.txt", 0o640), ("plain", 0o666), ("empty", 0o600), ("none", 0o644),
            ("secret", 0o511), ("lib", 0o700), ("lib/deep", 0o755), ("folder", 0o755), ("", 0o755),
        ] as [(String, mode_t)] {
            #expect(Scratch.permissions("\(folder)/\(name)") == permissions, "\(name)")
        }
    }

    @Test(
        "archives as tools write them are read",
        arguments: [
            // A comment; nothing; sizes after the contents; of MS-DOS; with an extra field; for a folder of its own.
            "with ZipFile(p, 'w') as z: z.writestr('a', 'x'); z.comment = b'PK\\x05\\x06' + b'c' * 65000",
            "write()",
            """
            class Pipe:
                def __init__(s): s.b = b''
                def write(s, d): s.b += d; return len(d)
                def flush(s): pass
            o = Pipe()
            with ZipFile(o, 'w', ZIP_DEFLATED) as z: z.writestr('a', 'x' * 100); z.writestr('b', 'y')
            open(p, 'wb').write(o.b)
            """,
            "i = ZipInfo('d/a'); i.create_system = 0; i.external_attr = 0x20; write((i, 'x'))",
            "i = info('a'); i.extra = struct.pack('<HHI', 0x5455, 4, 0); i.comment = b'c'; write((i, 'x'))",
            "write((info('./', 0o40755), ''), (info('./a'), 'x'))",
        ])
    func forms(program: String) throws {
        let scratch = Scratch()
        let bytes = scratch.zip(program)
        #expect(!bytes.isEmpty)
        try ZipArchive(bytes).extract(to: "\(scratch.path)/out/")
        let names = scratch.names
        #expect(names.first == "out" && names.allSatisfy { $0.hasPrefix("out") }, "\(names)")
        if program != "write()" { #expect(names.contains { $0.hasSuffix("/a") }) }
    }

    @Test("an archive is unpacked once, and into an empty folder at most")
    func places() throws {
        let scratch = Scratch()
        let archive = try ZipArchive(scratch.zip("write((info('a'), 'x'))"))
        try archive.extract(to: "\(scratch.path)/out")
        let error = #expect(throws: ZipError.self) { try archive.extract(to: "\(scratch.path)/out") }
        #expect(error?.code == .exists)
        try FileManager.default.createDirectory(atPath: "\(scratch.path)/empty", withIntermediateDirectories: false)
        try Data().write(to: URL(fileURLWithPath: "\(scratch.path)/file"))
        try archive.extract(to: "\(scratch.path)/empty")
        let other = #expect(throws: ZipError.self) { try archive.extract(to: "\(scratch.path)/file/out") }
        #expect(other?.code == .system && other?.description.contains("Not a directory") == true)
        #expect(scratch.names == ["empty", "empty/a", "file", "out", "out/a"], "nothing else remains")
    }

    /// What an archive is refused with; nothing may remain of it.
    private func refusal(_ program: String, limits: ZipLimits = .deploymentPackage) -> ZipError? {
        let scratch = Scratch()
        let bytes = scratch.zip(program)
        #expect(!bytes.isEmpty, "\(program)")
        defer { #expect(scratch.names.isEmpty, "\(program)") }
        do throws(ZipError) {
            try ZipArchive(bytes, limits: limits).extract(to: "\(scratch.path)/out")
        } catch { return error }
        Scratch.remove("\(scratch.path)/out")
        return nil
    }

    @Test(
        "what would be written outside of the folder is refused, and named",
        arguments: [
            ("/etc/x", "absolute"), ("../x", "\"..\""), ("a/../../x", "\"..\""), ("a/..", "\"..\""), ("..", "\"..\""),
            ("a\\\\..\\\\x", "backslash"), ("a\\0b", "NUL"), ("", "no name"), (".", "no name"), ("./.", "no name"),
            ("' + 'n' * 1025 + '", "more than 1024 bytes"),
        ])
    func unsafeNames(name: String, text: String) {
        let error = refusal("write((info('ok'), 'x'), (info('\(name)'), 'x'))")
        #expect(error?.code == .unsafePath && error?.message.contains(text) == true, "\(String(describing: error))")
        #expect(error?.entry != nil && error?.entry != "ok")
    }

    @Test("a name that is not UTF-8 is refused, and what is shown of a name moves no cursor")
    func unreadableNames() {
        let bad = "patch(lambda b: b.replace(b'NAME', b'\\xff\\xfeME'))"
        #expect(refusal("write((info('NAME'), 'x')); \(bad)")?.message.contains("not UTF-8") == true)
        let escape = refusal("write((info('../\\x1b[2J' + 'n' * 300), 'x'))")
        #expect(escape?.entry?.hasPrefix("../?[2Jnnn") == true && escape?.entry?.count == 201)
    }

    @Test(
        "a link that can lead outside is refused, and no file is written through one",
        arguments: [
            ("write((info('l', 0o120777), '/etc'))", ZipError.Code.unsafePath),
            ("write((info('l', 0o120777), '..'))", .unsafePath),
            ("write((info('l', 0o120777), 'a/../../b'))", .unsafePath),
            ("write((info('l', 0o120777), ''))", .unsafePath), ("write((info('l', 0o120777), 'a\\0b'))", .unsafePath),
            ("write((info('l', 0o120777), 'a' * 1025))", .unsafePath),
            ("write((info('l', 0o120777), b'\\xff'))", .unsafePath),
            ("write((info('l', 0o120777), 'a'), (info('l/x'), 'x'))", .duplicate),
            ("write((info('l/x'), 'x'), (info('l', 0o120777), 'a'))", .duplicate),
            ("write((info('l', 0o120777), 'a'), (info('l/', 0o40755), ''))", .duplicate),
            ("write((info('l', 0o120777), 'a'), (info('l/d/', 0o40755), ''))", .duplicate),
        ])
    func links(program: String, code: ZipError.Code) {
        let error = refusal(program)
        #expect(error?.code == code && error?.entry?.hasPrefix("l") == true, "\(String(describing: error))")
    }

    @Test(
        "two entries with one path are refused, however it is written",
        arguments: [
            "(info('a'), 'x'), (info('a'), 'y')", "(info('a'), 'x'), (info('./a'), 'y')",
            "(info('d/a'), 'x'), (info('d//a'), 'y')", "(info('a'), 'x'), (info('a/', 0o40755), '')",
            "(info('a'), 'x'), (info('a/b'), 'y')", "(info('a/b/c'), 'x'), (info('a/b'), 'y')",
        ])
    func duplicates(entries: String) {
        #expect(refusal("import warnings; warnings.simplefilter('ignore'); write(\(entries))")?.code == .duplicate)
    }

    @Test(
        "what is not read here is refused by name",
        arguments: [
            ("write((info('a', method=zipfile.ZIP_BZIP2), 'x'))", "method 12"),
            ("write((info('a', method=zipfile.ZIP_LZMA), 'x'))", "method 14"),
            ("write((info('a', 0o10644), ''))", "neither a file, a folder nor a link"),
            ("write((info('a', 0o60644), ''))", "neither a file, a folder nor a link"),
            ("write((info('a'), 'x')); patch(lambda b: put(b, central(b) + 8, 1, 2))", "encrypted"),
            ("write((info('a'), 'x')); patch(lambda b: put(b, central(b) + 8, 64, 2))", "encrypted"),
            ("write((info('a'), 'x')); patch(lambda b: put(b, central(b) + 8, 32, 2))", "patch"),
            ("write((info('a'), 'x')); patch(lambda b: put(b, end(b) + 10, 65535, 2))", "zip64"),
            ("write((info('a'), 'x')); patch(lambda b: put(b, central(b) + 24, 2**32 - 1))", "zip64"),
            (
                "with ZipFile(p, 'w') as z:\n  with z.open(info('a'), 'w', force_zip64=True) as f: f.write(b'x')",
                "zip64"
            ),
            ("write((info('a'), 'x')); patch(lambda b: put(b, end(b) + 4, 1, 2))", "volumes"),
        ])
    func unsupported(program: String, text: String) {
        let error = refusal(program)
        #expect(error?.code == .unsupported && error?.message.contains(text) == true, "\(String(describing: error))")
    }

    @Test(
        "damaged archives are refused, and say where",
        arguments: [
            ("patch(lambda b: put(b, central(b) + 16, 1) or put(b, local(b) + 14, 1))", "another CRC-32"),
            ("patch(lambda b: put(b, local(b) + 14, 1))", "other sizes before its contents"),
            ("patch(lambda b: put(b, local(b) + 8, 0, 2))", "another header before its contents"),
            ("patch(lambda b: put(b, local(b) + 30, 98, 1))", "another header before its contents"),
            ("patch(lambda b: put(b, central(b) + 24, 10) or put(b, local(b) + 22, 10))", "more than the 10 bytes"),
            ("patch(lambda b: put(b, central(b) + 24, 5000) or put(b, local(b) + 22, 5000))", "and not the 5000"),
            ("patch(lambda b: put(b, central(b) + 20, 9) or put(b, local(b) + 18, 9))", "ends before its contents do"),
            ("patch(lambda b: put(b, central(b) + 20, 9999) or put(b, local(b) + 18, 9999))", "into the directory"),
            ("patch(lambda b: put(b, local(b) + 31, 0xffff, 2))", "cannot be inflated"),
            ("patch(lambda b: b'front' + b)", "directory not where its end says"),
            ("patch(lambda b: put(b, end(b) + 16, 3))", "directory not where its end says"),
            ("patch(lambda b: put(b, end(b) + 8, 0, 2) or put(b, end(b) + 10, 0, 2))", "more or less in its directory"),
            ("patch(lambda b: put(b, end(b) + 8, 2, 2) or put(b, end(b) + 10, 2, 2))", "no header of an entry"),
            ("patch(lambda b: b + b'tail')", "no zip file"), ("patch(lambda b: b[:-1])", "no zip file"),
            ("patch(lambda b: b'hello')", "no zip file"), ("patch(lambda b: b[:100])", "no zip file"),
            (
                "write((info('a', method=ZIP_STORED), 'xy')); patch(lambda b: put(b, central(b) + 20, 1))",
                "two sizes differ"
            ),
            ("write((info('a/', 0o40755), 'xy'))", "folder with contents"),
            (
                """
                write((info('a'), 'y' * 1000)); b = bytearray(open(p, 'rb').read())
                c, e = central(b), end(b); size = int.from_bytes(b[c+20:c+24], 'little') + 3
                put(b, c + 20, size); put(b, 18, size); put(b, e + 16, c + 3); b[c:c] = b'abc'; open(p, 'wb').write(b)
                """, "more bytes in the archive than its contents need"
            ),
        ])
    func damaged(change: String, text: String) {
        let error = refusal("write((info('a'), 'x' * 1000)); \n" + change)
        #expect(error?.message.contains(text) == true, "\(String(describing: error))")
        #expect(error?.code == .damaged || error?.code == .notAnArchive)
    }

    @Test("entries that share bytes are refused")
    func overlaps() {
        // The contents of one are a header and the contents of the other.
        let error = refusal(
            """
            write((info('b', method=ZIP_STORED), 'x' * 100)); b = bytearray(open(p, 'rb').read())
            inner, directory = bytes(b[:central(b)]), bytearray(b[central(b):end(b)])
            write((info('a', method=ZIP_STORED), inner)); b = bytearray(open(p, 'rb').read())
            put(directory, 42, b.index(inner)); e = end(b); size = e - central(b) + len(directory)
            put(b, e + 8, 2, 2); put(b, e + 10, 2, 2); put(b, e + 12, size); b[e:e] = directory; open(p, 'wb').write(b)
            """)
        #expect(error?.code == .damaged && error?.description == "entry \"b\": overlaps another entry")
    }

    @Test(
        "limits hold for what is unpacked, too",
        arguments: [
            ("write(*[(info('f%d' % n), '') for n in range(20001)])", nil, "20001 entries; at most 20000"),
            (
                "write((info('a'), 'x')); patch(lambda b: put(b, central(b) + 24, 262144001) or put(b, local(b) + 22, 262144001))",
                nil, "262144001 bytes unzipped; at most 262144000"
            ),
            ("write((info('a'), bytes(60)), (info('b'), bytes(41)))", (9, 1_000, 100), "101 bytes unzipped"),
            ("write((info('a', method=ZIP_STORED), bytes(900)))", (9, 900, 1_000), "bytes; at most 900 are allowed"),
            ("write((info('1/2/3/4/5/6/7/8/9/a'), 'x'))", (9, 1_000, 100), "more than 9 files and folders"),
        ] as [(String, (Int, Int, Int)?, String)])
    func limits(program: String, numbers: (Int, Int, Int)?, text: String) {
        let limits =
            numbers.map { ZipLimits(entries: $0.0, zippedBytes: $0.1, unzippedBytes: $0.2) } ?? .deploymentPackage
        let error = refusal(program, limits: limits)
        #expect(error?.code == .tooLarge && error?.message.contains(text) == true, "\(String(describing: error))")
    }

    @Test("exactly at the limits an archive is unpacked")
    func atLimits() {
        let limits = ZipLimits(entries: 4, zippedBytes: 10_000, unzippedBytes: 100)
        #expect(refusal("write((info('1/2/a'), bytes(60)), (info('b'), bytes(40)))", limits: limits) == nil)
    }

    @Test("an archive of exactly as many bytes as are allowed is read, and of one more is not")
    func zippedBytes() throws {
        let scratch = Scratch()
        let bytes = scratch.zip("write((info('a'), 'x'))")
        var limits = ZipLimits(entries: 1, zippedBytes: bytes.count, unzippedBytes: 1)
        #expect(try ZipArchive(bytes, limits: limits).entries.map(\.path) == ["a"])
        limits.zippedBytes -= 1
        let less = limits
        #expect(throws: ZipError.self) { try ZipArchive(bytes, limits: less) }
    }

    @Test("a bomb that declares little is stopped at the first piece that is too much")
    func bomb() {
        let error = refusal(
            """
            write((info('zeros'), bytes(10000000)))
            patch(lambda b: put(b, central(b) + 24, 10) or put(b, local(b) + 22, 10))
            """)
        #expect(error?.description == "entry \"zeros\": has more than the 10 bytes of its directory")
    }

    @Test("no change of bytes makes an archive write elsewhere, or end the process", arguments: 1...4)
    func mutations(seed: UInt64) {
        let scratch = Scratch()
        let bytes = scratch.zip(
            """
            write((info('a/b', 0o100755), 'x' * 500), (info('l', 0o120777), 'a/b'), (info('d/', 0o40755), ''),
                  (info('s', method=ZIP_STORED), 'stored'))
            """)
        var state = seed
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var (unpacked, refused) = (0, 0)
        for _ in 1...500 {
            var changed = bytes
            for _ in 0...random(3) {
                let special: [UInt8] = [0, 1, 0x2F, 0x2E, 0x7F, 0x80, 0xFF]
                changed[random(changed.count)] = random(2) == 0 ? special[random(7)] : UInt8(random(256))
            }
            if random(10) == 0 { changed.removeLast(random(changed.count)) }
            do throws(ZipError) {
                try ZipArchive(changed).extract(to: "\(scratch.path)/out/in")
                unpacked += 1
            } catch { refused += 1 }
            Scratch.remove("\(scratch.path)/out/in")
        }
        #expect(scratch.names == ["out"], "seed \(seed)")
        #expect(unpacked > 0 && refused > 100, "seed \(seed): \(unpacked), \(refused)")
    }
}
