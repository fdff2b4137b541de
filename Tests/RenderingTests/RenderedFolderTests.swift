import Foundation
import Model
import Processes
import Rendering
import Testing

/// A folder of rendered files, compared and written.
@Suite struct RenderedFolderTests {
    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "headgate-\(UUID().uuidString)").path()
        defer { LocalFile.remove(folder) }
        try body(folder)
    }

    private func file(_ path: String, _ text: String) -> RenderedFile { RenderedFile(path: path, text: text) }

    @Test func `files are created, updated and removed, and what is as rendered stays`() throws {
        try inFolder { path in
            let folder = RenderedFolder(path)
            let first = [file("a.yaml", "a: 1\n"), file("sub/b.yaml", "b: 1\n"), file("c.yaml", "c: 1\n")]
            #expect(folder.changes(to: first) == [.create("a.yaml"), .create("c.yaml"), .create("sub/b.yaml")])
            try folder.write(first, folder.changes(to: first))
            #expect(folder.changes(to: first) == [])
            #expect(LocalFile.text("\(path)/sub/b.yaml")?.hasSuffix("\nb: 1\n") == true)
            let second = [file("a.yaml", "a: 2\n"), file("sub/b.yaml", "b: 1\n")]
            #expect(folder.changes(to: second) == [.update("a.yaml"), .remove("c.yaml")])
            try folder.write(second, folder.changes(to: second))
            #expect(folder.changes(to: second) == [])
            #expect(LocalFile.text("\(path)/c.yaml") == nil)
        }
    }

    @Test func `a change by hand is noticed and shown, and files of others stay`() throws {
        try inFolder { path in
            let folder = RenderedFolder(path)
            let files = [file("a.yaml", "one: 1\ntwo: 2\nthree: 3\n")]
            try folder.write(files, folder.changes(to: files))
            let made = try #require(LocalFile.text("\(path)/a.yaml"))
            try LocalFile.write(made.replacing("two: 2", with: "two: 22"), to: "\(path)/a.yaml")
            try LocalFile.write("mine\n", to: "\(path)/README.md")
            #expect(folder.changes(to: files) == [.changedByHand("a.yaml")])
            let lines = folder.difference("a.yaml", files).split(separator: "\n").map(String.init)
            #expect(Array(lines.dropFirst(2)) == ["-two: 22", "+two: 2"])
            #expect(folder.changes(to: []) == [.changedByHand("a.yaml")], "it is not removed either")
            try folder.write(files, folder.changes(to: files))
            #expect(folder.changes(to: files) == [])
            #expect(LocalFile.text("\(path)/README.md") == "mine\n")
            try LocalFile.write("a file of before\n", to: "\(path)/b.yaml")
            #expect(folder.changes(to: files + [file("b.yaml", "b: 1\n")]) == [.changedByHand("b.yaml")])
        }
    }

    @Test(arguments: [
        ("true", "a: \"true\"\n"), ("1", "a: \"1\"\n"), ("1.5", "a: \"1.5\"\n"), ("null", "a: \"null\"\n"),
        ("", "a: \"\"\n"), ("plain text", "a: plain text\n"), ("hg:{0}:r", "a: hg:{0}:r\n"),
        ("2026-01-01", "a: \"2026-01-01\"\n"),
    ]) func `a text stays a text in YAML`(text: String, yaml: String) {
        #expect(YAMLText.text([["a": .string(text)]]) == yaml)
    }

    @Test func `members keep their order, and documents are apart`() {
        let documents: [JSON] = [
            ["b": 1, "a": [true, .null, ["x": "y"]]], ["empty": .object([]), "none": .array([])],
        ]
        #expect(YAMLText.text(documents) == "b: 1\na:\n- true\n- null\n- x: y\n---\nempty: {}\nnone: []\n")
    }
}
