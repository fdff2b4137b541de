import Model

/// Reads the records of a CSV (RFC 4180) one after the other. Lines may end in LF, too; empty lines are skipped.
struct CSVReader {
    private let bytes: [UInt8]
    private var position = 0
    /// The line, from 1, at which the latest record began.
    private(set) var line = 0
    private var nextLine = 1

    init(_ bytes: [UInt8]) { self.bytes = Array(bytes.withoutByteOrderMark) }

    /// The cells of the next record; nil at the end.
    mutating func next() throws(GatewayError) -> [String]? {
        while position < bytes.count {
            line = nextLine
            let cells = try record()
            if cells != [""] { return cells }
        }
        return nil
    }

    private mutating func record() throws(GatewayError) -> [String] {
        var cells: [String] = []
        while true {
            cells.append(try cell())
            guard position < bytes.count else { return cells }
            let end = bytes[position]
            position += 1
            if end == CSVReader.comma { continue }
            if end == CSVReader.carriageReturn { position += 1 }
            nextLine += 1
            return cells
        }
    }

    /// A cell, up to a comma, the end of the line or the end.
    private mutating func cell() throws(GatewayError) -> String {
        guard position < bytes.count, bytes[position] == CSVReader.quote else {
            let start = position
            while !isAtEnd { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        var text: [UInt8] = []
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == CSVReader.quote {
                guard position < bytes.count, bytes[position] == CSVReader.quote else {
                    guard isAtEnd else { throw .user("line \(line): text follows a closing quote: double the quote") }
                    return String(decoding: text, as: UTF8.self)
                }
                position += 1
            }
            if byte == CSVReader.lineFeed { nextLine += 1 }
            text.append(byte)
        }
        throw .user("line \(line): a quote is not closed: close it")
    }

    private var isAtEnd: Bool {
        guard position < bytes.count else { return true }
        switch bytes[position] {
        case CSVReader.comma, CSVReader.lineFeed: return true
        case CSVReader.carriageReturn: return position + 1 < bytes.count && bytes[position + 1] == CSVReader.lineFeed
        default: return false
        }
    }

    private static let comma = UInt8(ascii: ",")
    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
}
