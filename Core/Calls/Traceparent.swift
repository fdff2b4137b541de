/// The header by which targets join a trace: W3C Trace Context, version 00, sampled.
package enum Traceparent {
    /// The header's value for a trace's id and the id of one call in it.
    package static func header(_ trace: (UInt64, UInt64), _ span: UInt64) -> String {
        func hex(_ word: UInt64) -> String {
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        return "00-\(hex(trace.0))\(hex(trace.1))-\(hex(span))-01"
    }
}
