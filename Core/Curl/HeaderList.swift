internal import CCurl

/// The header lines of a call as libcurl wants them, a linked list of C strings, in two blocks of memory that the next
/// call reuses. `curl_slist_append` would allocate twice per line and walk the list each time.
///
/// Used on the engine's thread only, and not changed while libcurl has the list.
@safe struct HeaderList: ~Copyable {
    private var text: UnsafeMutableBufferPointer<CChar>
    private var nodes: UnsafeMutableBufferPointer<curl_slist>

    private static let removed = ["Expect:"]
    private static let removedWithType = ["Expect:", "Content-Type:"]

    init() {
        unsafe text = .allocate(capacity: 1_024)
        unsafe nodes = .allocate(capacity: 16)
    }

    deinit {
        unsafe text.deallocate()
        unsafe nodes.deallocate()
    }

    /// The list of these headers and of those to be suppressed. Valid until the next call.
    ///
    /// Without a line for `Expect` libcurl waits a second for "100 Continue" before it sends a larger body, and without
    /// one for `Content-Type` it declares a body to be a form.
    mutating func fill(_ headers: [(name: String, value: String)]) -> UnsafeMutablePointer<curl_slist> {
        let namesType = headers.contains { $0.name.utf8.count == 12 && $0.name.lowercased() == "content-type" }
        let removed = namesType ? HeaderList.removed : HeaderList.removedWithType
        reserve(
            bytes: headers.reduce(32) { $0 + $1.name.utf8.count + $1.value.utf8.count + 3 },
            lines: headers.count + removed.count)
        var end = 0
        var line = 0
        for text in removed { add(text, "", "", &line, &end) }
        // "Name;" sends an empty value; "Name:" would suppress the header.
        for header in headers { add(header.name, header.value.isEmpty ? ";" : ": ", header.value, &line, &end) }
        return unsafe linked(line)
    }

    /// The list of these lines. Valid until the next call.
    mutating func fill(lines: [String]) -> UnsafeMutablePointer<curl_slist> {
        reserve(bytes: lines.reduce(0) { $0 + $1.utf8.count + 1 }, lines: lines.count)
        var end = 0
        var line = 0
        for text in lines { add(text, "", "", &line, &end) }
        return unsafe linked(line)
    }

    private func add(_ name: String, _ separator: String, _ value: String, _ line: inout Int, _ end: inout Int) {
        unsafe nodes[line].data = start(at: end)
        line += 1
        append(name, &end)
        append(separator, &end)
        append(value, &end)
        finish(&end)
    }

    private func linked(_ count: Int) -> UnsafeMutablePointer<curl_slist> {
        for index in 0..<count {
            unsafe nodes[index].next = index < count - 1 ? nodes.baseAddress! + index + 1 : nil
        }
        return unsafe nodes.baseAddress!
    }

    private func start(at offset: Int) -> UnsafeMutablePointer<CChar> { unsafe text.baseAddress! + offset }

    private func append(_ part: String, _ end: inout Int) {
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(text)[end...])
        unsafe room.copyBytes(from: part.utf8)
        end += part.utf8.count
    }

    private func finish(_ end: inout Int) {
        unsafe text[end] = 0
        end += 1
    }

    private mutating func reserve(bytes: Int, lines: Int) {
        if unsafe bytes > text.count {
            unsafe text.deallocate()
            unsafe text = .allocate(capacity: bytes * 2)
        }
        if unsafe lines > nodes.count {
            unsafe nodes.deallocate()
            unsafe nodes = .allocate(capacity: lines * 2)
        }
    }
}
