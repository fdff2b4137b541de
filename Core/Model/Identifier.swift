/// 128 bits, written as a UUID. Ids that Headgate creates are UUIDv7 (RFC 9562): ordered by time.
public struct Identifier: Hashable, Comparable, Sendable {
    /// The first 64 bits; of a UUIDv7 the time, the version and 12 more bits.
    public let high: UInt64
    /// The last 64 bits.
    public let low: UInt64

    /// An id of these bits, whatever UUID version they are.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A UUIDv7 of that millisecond, its other 74 bits taken from `random`.
    public static func v7(at time: Timestamp, using random: inout some RandomNumberGenerator) -> Identifier {
        v7(milliseconds: time.milliseconds, tailHigh: random.next(), tailLow: random.next())
    }

    /// A UUIDv7 of that millisecond with its other bits given: the low 12 of `tailHigh` and the low 62 of `tailLow`.
    package static func v7(milliseconds: Int64, tailHigh: UInt64, tailLow: UInt64) -> Identifier {
        Identifier(
            high: UInt64(truncatingIfNeeded: milliseconds) << 16 | 0x7000 | tailHigh & 0x0FFF,
            low: 0x8000_0000_0000_0000 | tailLow & 0x3FFF_FFFF_FFFF_FFFF)
    }

    /// A random UUID (RFC 9562, version 4).
    package static func v4(using random: inout some RandomNumberGenerator) -> Identifier {
        Identifier(
            high: random.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000,
            low: random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    /// The millisecond in the first 48 bits of a UUIDv7.
    public var v7Time: Timestamp { Timestamp(milliseconds: Int64(high >> 16)) }

    /// By the bits as one unsigned number: by time for UUIDv7.
    public static func < (left: Identifier, right: Identifier) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// The 16 bytes, most significant first.
    public var bytes: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            for index in 0..<8 {
                unsafe buffer[index] = UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * index))
                unsafe buffer[8 + index] = UInt8(truncatingIfNeeded: low >> UInt64(56 - 8 * index))
            }
            count = 16
        }
    }

    /// Reads 16 bytes, most significant first; nil for another number.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for (index, byte) in bytes.enumerated() {
            if index < 8 { words.0 = words.0 << 8 | UInt64(byte) } else { words.1 = words.1 << 8 | UInt64(byte) }
        }
        self.init(high: words.0, low: words.1)
    }
}

extension Identifier: LosslessStringConvertible {
    /// In lower case with hyphens: `0193a5f0-7c1e-7abc-8def-0123456789ab`.
    public var description: String {
        unsafe String(unsafeUninitializedCapacity: 36) { buffer in
            var at = 0
            for digit in 0..<32 {
                if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                    unsafe buffer[at] = UInt8(ascii: "-")
                    at += 1
                }
                let word = digit < 16 ? high : low
                let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (digit & 15)) & 15)
                unsafe buffer[at] = nibble < 10 ? 48 + nibble : 87 + nibble
                at += 1
            }
            return at
        }
    }

    /// Reads 32 hexadecimal digits of either case, with or without hyphens; nil for anything else.
    public init?(_ text: String) {
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for byte in text.utf8 where byte != UInt8(ascii: "-") {
            let nibble: UInt8
            switch byte {
            case 48...57: nibble = byte - 48
            case 65...70: nibble = byte - 55
            case 97...102: nibble = byte - 87
            default: return nil
            }
            guard digits < 32 else { return nil }
            if digits < 16 { words.0 = words.0 << 4 | UInt64(nibble) } else { words.1 = words.1 << 4 | UInt64(nibble) }
            digits += 1
        }
        guard digits == 32 else { return nil }
        self.init(high: words.0, low: words.1)
    }
}

/// Mixes words into 128 well-spread bits; the same words give the same bits on every machine and in every version.
///
/// Two lanes of the SplitMix64 finalizer (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
/// Not cryptographic.
public struct StableHash: Sendable {
    private var first: UInt64
    private var second: UInt64

    /// An empty hash; different seeds give independent hashes.
    public init(seed: UInt64 = 0) {
        first = seed ^ 0x9E37_79B9_7F4A_7C15
        second = seed ^ 0xD1B5_4A32_D192_ED03
    }

    /// Mixes in one word; the order matters.
    public mutating func combine(_ word: UInt64) {
        first = StableHash.mix(first ^ word)
        second = StableHash.mix(second &+ word &* 0xFF51_AFD7_ED55_8CCD)
    }

    /// Mixes in a text's UTF-8 and its length.
    public mutating func combine(_ text: some StringProtocol) {
        var word: UInt64 = 0
        var count: UInt64 = 0
        for byte in text.utf8 {
            word = word << 8 | UInt64(byte)
            count += 1
            if count & 7 == 0 {
                combine(word)
                word = 0
            }
        }
        combine(word)
        combine(count)
    }

    /// The 128 bits.
    public var words: (UInt64, UInt64) { (StableHash.mix(first &+ second), StableHash.mix(second ^ first &* 3)) }
    /// The first 64 bits.
    public var value: UInt64 { words.0 }

    private static func mix(_ word: UInt64) -> UInt64 {
        var mixed = word &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension StableHash {
    /// The shard of a thing that a text names, from 0 up to `count`; the same on every machine and in every version.
    package static func shard(of text: String, count: Int) -> Int {
        if count == 1 { return 0 }
        var hash = StableHash()
        hash.combine(text)
        return Int(hash.value % UInt64(count))
    }
}
