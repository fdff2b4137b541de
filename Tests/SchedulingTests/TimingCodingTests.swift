import Model
import TestRandom
import Testing

@testable import Scheduling

@Suite struct TimingCodingTests {
    @Test func `an every with defaults is stored in some 20 bytes`() {
        let timing = Timing(when: [.every(Every(period: .seconds(3_600), anchor: Timestamp(milliseconds: 1_234_567)))])
        #expect(timing.encode().count <= 24)
    }

    @Test func `truncated bytes are refused, and a damaged byte never crashes`() {
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let bytes = Timing.random(zones: ["UTC", "Europe/Berlin"], using: &random).encode()
            for length in bytes.indices {
                #expect(throws: ByteReader.Failure.self) { try Timing(decoding: bytes[..<length]) }
            }
            var damaged = bytes
            damaged[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            _ = try? Timing(decoding: damaged)
        }
    }
}
