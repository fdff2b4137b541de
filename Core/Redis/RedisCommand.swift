/// One command in wire form (RESP2: an array of bulk strings), built without an allocation per argument.
package struct RedisCommand: Sendable {
    private(set) var count = 0
    private(set) var arguments: [UInt8] = []

    /// A command whose first arguments are `words`, with room for `capacity` bytes.
    package init(_ words: String..., capacity: Int = 64) {
        arguments.reserveCapacity(capacity)
        for word in words { append(word) }
    }

    /// Appends one argument, as UTF-8.
    package mutating func append(_ text: String) {
        header(text.utf8.count)
        arguments.append(contentsOf: text.utf8)
        end()
    }
    /// Appends one argument of arbitrary bytes.
    package mutating func append(_ bytes: [UInt8]) {
        header(bytes.count)
        arguments.append(contentsOf: bytes)
        end()
    }
    /// Appends one argument, as decimal digits.
    package mutating func append(_ number: some BinaryInteger) {
        guard let number = Int(exactly: number), number >= 0 else { return append(String(number)) }
        header(RedisCommand.digits(of: number))
        digits(number)
        end()
    }

    /// Appends all arguments of another command.
    mutating func append(argumentsOf other: RedisCommand) {
        count += other.count
        arguments.append(contentsOf: other.arguments)
    }

    private mutating func header(_ length: Int) {
        count += 1
        arguments.append(UInt8(ascii: "$"))
        digits(length)
        end()
    }
    /// Appends a number that is not negative, without making a string of it: a batch has thousands.
    private mutating func digits(_ number: Int) {
        let start = arguments.endIndex
        arguments.append(contentsOf: repeatElement(48, count: RedisCommand.digits(of: number)))
        var (rest, place) = (number, arguments.endIndex)
        while place > start {
            place -= 1
            arguments[place] = UInt8(48 + rest % 10)
            rest /= 10
        }
    }
    private static func digits(of number: Int) -> Int {
        var (count, rest) = (1, number / 10)
        while rest > 0 { (count, rest) = (count + 1, rest / 10) }
        return count
    }
    private mutating func end() {
        arguments.append(13)
        arguments.append(10)
    }

    /// The array header, such as `*3\r\n`, which precedes the arguments.
    var prefix: [UInt8] { Array("*\(count)\r\n".utf8) }
}
