internal import CZlib

/// Owns a stream of zlib, which inflates the contents of one entry after another.
@safe struct Inflater: ~Copyable {
    // zlib keeps the stream's address: it must not move.
    private let stream: UnsafeMutablePointer<z_stream>

    /// What a step has done.
    struct Step {
        /// Bytes of the input.
        var read: Int
        /// Bytes in the buffer.
        var written: Int
        /// The data is complete.
        var isAtEnd: Bool
    }

    init() throws(ZipError) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe headgate_inflate_init(stream) == Z_OK else {
            unsafe stream.deallocate()
            throw ZipError(.system, "cannot be unpacked: out of memory")
        }
        unsafe self.stream = stream
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Begins anew, for other data.
    func reset() { unsafe inflateReset(stream) }

    /// Inflates as much as the buffer holds. The text says why the data is wrong.
    func step(_ input: ArraySlice<UInt8>, into buffer: inout [UInt8]) -> Result<Step, ZipError> {
        let status = unsafe input.withUnsafeBufferPointer { input in
            unsafe buffer.withUnsafeMutableBufferPointer { buffer in
                unsafe stream.pointee.next_in = input.baseAddress
                unsafe stream.pointee.avail_in = uInt(input.count)
                unsafe stream.pointee.next_out = buffer.baseAddress
                unsafe stream.pointee.avail_out = uInt(buffer.count)
                return unsafe inflate(stream, Z_NO_FLUSH)
            }
        }
        let step = unsafe Step(
            read: input.count - Int(stream.pointee.avail_in), written: buffer.count - Int(stream.pointee.avail_out),
            isAtEnd: status == Z_STREAM_END)
        switch status {
        case Z_OK, Z_STREAM_END: return .success(step)
        case Z_BUF_ERROR: return .failure(ZipError(.damaged, "ends before its contents do"))
        default:
            let text = unsafe stream.pointee.msg.map { unsafe String(cString: $0) } ?? "error \(status) of zlib"
            return .failure(ZipError(.damaged, "has contents that cannot be inflated: \(text)"))
        }
    }

    /// The CRC-32 of what was counted so far and of more.
    static func checksum(_ checksum: Int, _ bytes: ArraySlice<UInt8>) -> Int {
        Int(
            unsafe bytes.withUnsafeBufferPointer { bytes in
                unsafe crc32_z(uLong(checksum), bytes.baseAddress, bytes.count)
            })
    }
}
