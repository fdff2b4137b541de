/// One command in the form in which it goes over the wire (RESP2: an array of bulk strings), built without an allocation
/// per argument.
package struct RedisCommand: Sendable {
    private(set) var count = 0
    private(set) var arguments: [UInt8] = []

    package init(_ words: String..., capacity: Int = 64) {
        arguments.reserveCapacity(capacity)
        for word in words { append(word) }
    }

    package mutating func append(_ text: String) {
        header(text.utf8.count)
        arguments.append(contentsOf: text.utf8)
        end()
    }
    package mutating func append(_ bytes: [UInt8]) {
        header(bytes.count)
        arguments.append(contentsOf: bytes)
        end()
    }
    package mutating func append(_ number: some BinaryInteger) { append(String(number)) }

    /// Appends all arguments of another command.
    mutating func append(argumentsOf other: RedisCommand) {
        count += other.count
        arguments.append(contentsOf: other.arguments)
    }

    private mutating func header(_ length: Int) {
        count += 1
        arguments.append(UInt8(ascii: "$"))
        arguments.append(contentsOf: String(length).utf8)
        end()
    }
    private mutating func end() {
        arguments.append(13)
        arguments.append(10)
    }

    /// `*3\r\n`, which goes in front of the arguments.
    var prefix: [UInt8] { Array("*\(count)\r\n".utf8) }
}
