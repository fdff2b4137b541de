internal import CCurl

/// The header lines of a call as libcurl wants them, a linked list of C strings, in two pieces of memory that are used again by the
/// next call. `curl_slist_append` would make two for each line and walk along all lines before it.
///
/// Used on the engine's thread only, and not changed while libcurl has the list.
@safe struct HeaderList: ~Copyable {
    private var text: UnsafeMutableBufferPointer<CChar>
    private var nodes: UnsafeMutableBufferPointer<curl_slist>

    init() {
        unsafe text = .allocate(capacity: 1_024)
        unsafe nodes = .allocate(capacity: 16)
    }

    deinit {
        unsafe text.deallocate()
        unsafe nodes.deallocate()
    }

    /// The list of these headers, and of one that says that none is expected before the body is sent: without it libcurl waits a second
    /// for "100 Continue" before it sends a larger body. Valid until the next call.
    mutating func fill(_ headers: [(name: String, value: String)]) -> UnsafeMutablePointer<curl_slist> {
        reserve(
            bytes: headers.reduce(16) { $0 + $1.name.utf8.count + $1.value.utf8.count + 3 }, lines: headers.count + 1)
        var end = 0
        unsafe nodes[0].data = start(at: end)
        append("Expect:", &end)
        finish(&end)
        for (index, header) in headers.enumerated() {
            unsafe nodes[index + 1].data = start(at: end)
            append(header.name, &end)
            // "Name;" sends an empty value, "Name:" would remove the header.
            append(header.value.isEmpty ? ";" : ": ", &end)
            append(header.value, &end)
            finish(&end)
        }
        for index in 0...headers.count {
            unsafe nodes[index].next = index < headers.count ? nodes.baseAddress! + index + 1 : nil
        }
        return unsafe nodes.baseAddress!
    }

    private func start(at offset: Int) -> UnsafeMutablePointer<CChar> { unsafe text.baseAddress! + offset }

    private func append(_ part: String, _ end: inout Int) {
        for byte in part.utf8 {
            unsafe text[end] = CChar(bitPattern: byte)
            end += 1
        }
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
