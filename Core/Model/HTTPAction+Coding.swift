extension HTTPAction {
    /// Writes a version, then the fields in order: a worker gets the body's bytes without parsing JSON.
    ///
    /// Version 2 adds `signing` to version 1. A call without it is written as version 1, so that existing rows keep
    /// their encoding.
    package func encode(into writer: inout ByteWriter) {
        writer.write(unsigned: signing == nil ? 1 : 2)
        writer.write(method)
        writer.write(url)
        writer.write(unsigned: UInt64(headers.count))
        for header in headers {
            writer.write(header.name)
            writer.write(header.value)
        }
        writer.write(optional: body) { $0.write(bytes: $1) }
        writer.write(timeout)
        if let signing { writer.write(signing) }
    }

    /// Reads what `encode` wrote, of either version.
    package init(from reader: inout ByteReader) throws(ByteReader.Failure) {
        let version = try reader.unsigned()
        guard version == 1 || version == 2 else { throw reader.failure("version 1 or 2 of an HTTP action") }
        method = try reader.text()
        url = try reader.text()
        let count = try reader.unsigned()
        guard count <= UInt64(HTTPAction.maximumHeaderCount) else { throw reader.failure("at most 50 headers") }
        headers = []
        for _ in 0..<count { headers.append(Header(name: try reader.text(), value: try reader.text())) }
        body = try reader.optional { reader throws(ByteReader.Failure) in Array(try reader.byteString()) }
        timeout = try reader.duration()
        signing = version == 2 ? try reader.text() : nil
    }
}
