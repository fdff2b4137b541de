import Glibc
import LocalRunner
import Model
import Testing

@Suite struct ConsoleTests {
    /// What a console writes.
    private func output(_ format: Console.Format, isTerminal: Bool = false, _ body: (Console) -> Void) -> String {
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        defer { close(ends[0]) }
        body(Console(format: format, descriptor: ends[1], isTerminal: isTerminal, now: { .epoch }))
        close(ends[1])
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = buffer.withUnsafeMutableBytes { read(ends[0], $0.baseAddress, $0.count) }
        return String(decoding: buffer[..<max(count, 0)], as: UTF8.self)
    }

    @Test func `prefixes a line with time and process`() {
        #expect(output(.text) { $0.print("begun", from: "loader-1") } == "00:00:00.000 loader-1         | begun\n")
    }

    @Test func `keeps the status below the lines of a terminal`() {
        let text = output(.text, isTerminal: true) { console in
            console.setStatus("12 delivered")
            console.plain("line")
        }
        #expect(text == "\r\u{1B}[2K12 delivered\r\u{1B}[2Kline\n12 delivered")
        #expect(output(.text) { $0.setStatus("12 delivered") } == "")
    }

    @Test func `gives a function's own JSON the process, and makes other lines JSON`() throws {
        let text = output(.json) { console in
            console.print(#"{"level":"info","message":"begun"}"#, from: "loader-1")
            console.print("panic: \"x\"", from: "api-1")
            console.plain("for people")
        }
        let lines = try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
        #expect(lines.count == 2)
        #expect(lines[0] == ["process": "loader-1", "level": "info", "message": "begun"])
        #expect(lines[1]["process"] == "api-1" && lines[1]["message"] == "panic: \"x\"")
    }
}
