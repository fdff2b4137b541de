import Model
import NIOCore

/// Answers the requests of load tests straight from their bytes: `POST /ok…` and `POST /retrain/…` with a content
/// length on a kept connection, one after the other. At the first request of another kind it hands the connection over
/// for good.
///
/// A target that costs as much as what is being measured spoils the figures; this one does a third of the work.
final class LoadHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private struct Request {
        var path = ""
        var key = ""
        var fireTime = ""
        /// Of head and body together.
        var length = 0
    }

    private enum Reading {
        case request(Request)
        case incomplete
        /// To be handed over.
        case other
    }

    private let log: RequestLog
    private let now: @Sendable () -> Timestamp
    private let handOver: (ChannelHandlerContext) throws -> Void
    private var received = ByteBuffer()
    private static let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    /// - Parameter handOver: adds the handlers for arbitrary requests behind this one.
    init(
        log: RequestLog, now: @escaping @Sendable () -> Timestamp,
        handOver: @escaping (ChannelHandlerContext) throws -> Void
    ) {
        self.log = log
        self.now = now
        self.handOver = handOver
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = part } else { received.writeBuffer(&part) }
        while received.readableBytes > 0 {
            switch LoadHandler.read(received) {
            case .incomplete: return
            case .other: return give(context)
            case .request(let request):
                received.moveReaderIndex(forwardBy: request.length)
                let behaviour = Behaviour.answer(status: 200)
                _ = log.record(behaviour, path: request.path, key: request.key, fireTime: request.fireTime, at: now())
                context.write(wrapOutboundOut(LoadHandler.answer), promise: nil)
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The client went away; it gets no answer.
        context.close(promise: nil)
    }

    private func give(_ context: ChannelHandlerContext) {
        do {
            try handOver(context)
            context.fireChannelRead(NIOAny(received))
            context.fireChannelReadComplete()
            received = ByteBuffer()
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }

    private static let longestHead = 16_384

    private static func read(_ buffer: ByteBuffer) -> Reading {
        unsafe buffer.withUnsafeReadableBytes { bytes in
            var lines = unsafe HeadLines(bytes)
            guard let first = unsafe lines.next() else {
                return unsafe startsRight(bytes) && bytes.count < longestHead ? .incomplete : .other
            }
            guard unsafe startsRight(UnsafeRawBufferPointer(rebasing: bytes[first])) else { return .other }
            var request = Request()
            let target = unsafe bytes[(first.lowerBound + 5)..<first.upperBound].prefix { $0 != 32 && $0 != 63 }
            request.path = unsafe String(decoding: target, as: UTF8.self)
            var length: Int?
            while let line = unsafe lines.next() {
                if line.isEmpty {
                    guard let length else { return .other }
                    request.length = line.upperBound + 2 + length
                    return request.length <= bytes.count ? .request(request) : .incomplete
                }
                let text = unsafe bytes[line]
                switch unsafe text.first! | 0x20 {
                case UInt8(ascii: "i"):
                    if let value = unsafe value(of: "idempotency-key", in: text) { request.key = value }
                case UInt8(ascii: "h"):
                    if let value = unsafe value(of: "headgate-fire-time", in: text) { request.fireTime = value }
                case UInt8(ascii: "c"):
                    if let value = unsafe value(of: "content-length", in: text) { length = Int(value) }
                    if unsafe value(of: "connection", in: text) != nil { return .other }
                case UInt8(ascii: "e"):
                    if unsafe value(of: "expect", in: text) != nil { return .other }
                case UInt8(ascii: "t"):
                    if unsafe value(of: "transfer-encoding", in: text) != nil { return .other }
                default: break
                }
            }
            return bytes.count < longestHead ? .incomplete : .other
        }
    }

    private static let beginnings = [Array("POST /ok".utf8), Array("POST /retrain/".utf8)]

    /// Whether the bytes so far begin like a request that is answered here.
    private static func startsRight(_ bytes: UnsafeRawBufferPointer) -> Bool {
        beginnings.contains { beginning in
            unsafe bytes.prefix(beginning.count).elementsEqual(beginning.prefix(bytes.count))
        }
    }

    private static func value(of name: StaticString, in line: Slice<UnsafeRawBufferPointer>) -> String? {
        let length = name.utf8CodeUnitCount
        guard unsafe line.count > length, unsafe line[line.startIndex + length] == UInt8(ascii: ":") else { return nil }
        for index in 0..<length
        where unsafe line[line.startIndex + index] | 0x20 != name.utf8Start[index] | 0x20 { return nil }
        let value = unsafe line.dropFirst(length + 1).drop { $0 == 32 }
        return unsafe String(decoding: value, as: UTF8.self)
    }
}

/// The lines of a request's head, each ended by CR LF.
@unsafe private struct HeadLines {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = unsafe bytes }

    /// The range of the next line without its line end; nil if it is incomplete.
    mutating func next() -> Range<Int>? {
        var end = unsafe position
        while unsafe end + 1 < bytes.count {
            if unsafe bytes[end] == 13, unsafe bytes[end + 1] == 10 {
                let start = unsafe position
                unsafe position = end + 2
                return start..<end
            }
            end += 1
        }
        return nil
    }
}
