/// What the platform grants a tenant, and what the tenant asks for all its schedules.
package struct TenantSettings: Hashable, Sendable {
    /// Its share of the workers relative to others that wait: weight 2 gets twice what weight 1 gets. Default 1.
    package var weight: Double
    /// Calls a second, of all its triggers together; nil: unlimited.
    package var maxRate: Double?
    /// Calls a second to a target, by host, or host and port, as in the URL but in lower case.
    package var targetRates: [String: Double]
    /// How many schedules it may have; nil: any number.
    package var maxSchedules: Int?
    /// While it is paused none of its schedules is planned and none of its calls is made.
    package var isPaused: Bool
    /// The call to make when a trigger fails whose schedule has no `onFailure` of its own.
    package var onFailure: HTTPAction?

    /// Settings with the defaults: weight 1, no limits, not paused.
    package init(
        weight: Double = 1, maxRate: Double? = nil, targetRates: [String: Double] = [:], maxSchedules: Int? = nil,
        isPaused: Bool = false, onFailure: HTTPAction? = nil
    ) {
        self.weight = weight
        self.maxRate = maxRate
        self.targetRates = targetRates
        self.maxSchedules = maxSchedules
        self.isPaused = isPaused
        self.onFailure = onFailure
    }

    /// What a weight may be.
    package static let weights = 0.01...100.0
    /// What a rate may be, in calls a second.
    package static let rates = 0.001...1_000_000.0
    /// How many targets may have a rate of their own.
    package static let maximumTargets = 1_000
    /// Of a host name and port, in bytes.
    package static let maximumTargetLength = 261
    /// Pause reason of schedules that were paused with their tenant; resuming the tenant resumes those.
    package static let pauseReason = "the tenant is paused"
}

extension TenantSettings {
    /// Reads the settings; throws every mistake with its pointer.
    ///
    /// - Parameter ignoring: members that belong to the call and not to the settings.
    package init(json: JSON, ignoring: Set<String> = []) throws(FieldErrors) {
        var fields = JSONFields(json)
        for name in ignoring { _ = fields.raw(name) }
        let settings = TenantSettings(&fields)
        fields.finish()
        guard fields.errors.isEmpty, let settings else { throw FieldErrors(fields.errors) }
        self = settings
    }

    /// Reads the fields; nil if there is a mistake.
    package init?(_ fields: inout JSONFields) {
        let rate = FieldType<Double>.number(TenantSettings.rates, "a number of calls a second")
        let weight = fields.optional("weight", .number(TenantSettings.weights).defaulting(1))
        let maxRate = fields.optional("maxRate", rate)
        var targetRates: [String: Double] = [:]
        if let members = fields.optional("targetRates", TenantSettings.targetType) {
            var inner = JSONFields(.object(members), at: fields.pointer(to: "targetRates"))
            if members.count > TenantSettings.maximumTargets {
                fields.fail(
                    "targetRates", "has \(members.count) hosts; at most \(TenantSettings.maximumTargets) are allowed")
            }
            for member in members {
                if member.name.isEmpty || member.name.utf8.count > TenantSettings.maximumTargetLength
                    || member.name.utf8.contains(where: { "/?#@ ".utf8.contains($0) })
                {
                    inner.fail(
                        member.name,
                        "is not a host, or a host and a port, such as api.example.com:8443, of at most 261 bytes")
                }
                targetRates[member.name.lowercased()] = inner.required(member.name, rate)
            }
            fields.add(inner.errors)
        }
        let maxSchedules = fields.optional("maxSchedules", .integer(0...Int(Int32.max)))
        let isPaused = fields.optional("paused", .flag.defaulting(false)) ?? false
        let onFailure = HTTPAction(failureCall: &fields)
        guard fields.errors.isEmpty else { return nil }
        self.init(
            weight: weight ?? 1, maxRate: maxRate, targetRates: targetRates, maxSchedules: maxSchedules,
            isPaused: isPaused, onFailure: onFailure)
    }

    private static let targetType = FieldType<[JSON.Member]>(
        "an object of hosts and rates",
        schema: [
            "type": "object", "maxProperties": .integer(maximumTargets),
            "propertyNames": ["pattern": .string("^[^/?#@ ]{1,\(maximumTargetLength)}$")],
            "additionalProperties": FieldType<Double>.number(rates, "calls a second").schema,
        ], read: \.members)

    /// The members that `init(json:)` reads, with all defaults filled in.
    package var jsonMembers: [JSON.Member] {
        let targets = targetRates.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .number($0.value)) }
        return [
            .init("weight", .number(weight)), .init("maxRate", .optional(maxRate, JSON.number)),
            .init("targetRates", .object(targets)), .init("maxSchedules", .optional(maxSchedules) { .integer($0) }),
            .init("paused", .bool(isPaused)), .init("onFailure", .optional(onFailure) { ["http": $0.json] }),
        ]
    }

    /// The binary form, of version 1; equal settings are equal bytes.
    package var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(unsigned: 1)
        writer.write(weight)
        writer.write(optional: maxRate) { $0.write($1) }
        writer.write(targetRates)
        writer.write(optional: maxSchedules) { $0.write($1) }
        writer.write(isPaused)
        writer.write(optional: onFailure) { $1.encode(into: &$0) }
        return writer.bytes
    }

    /// Reads `encoded`.
    package init(decoding bytes: [UInt8]) throws(ByteReader.Failure) {
        var reader = ByteReader(bytes)
        guard try reader.unsigned() == 1 else { throw reader.failure("a tenant's settings of version 1") }
        weight = try reader.double()
        maxRate = try reader.optional { reader throws(ByteReader.Failure) in try reader.double() }
        targetRates = try reader.rates()
        maxSchedules = try reader.optional { reader throws(ByteReader.Failure) in try reader.int() }
        isPaused = try reader.bool()
        onFailure = try reader.optional { reader throws(ByteReader.Failure) in try HTTPAction(from: &reader) }
    }
}

extension HTTPAction {
    /// Reads `onFailure`: `{"http": {…}}`; nil if it is absent or has a mistake.
    package init?(failureCall fields: inout JSONFields) {
        let call = fields.object("onFailure") { inner in
            inner.object("http", isRequired: true, "the call to make") { HTTPAction(&$0) }
        }
        guard let call else { return nil }
        self = call
    }
}

extension ByteWriter {
    /// Writes the bits with their bytes reversed, so that short fractions stay short.
    mutating func write(_ value: Double) { write(unsigned: value.bitPattern.byteSwapped) }

    /// Writes rates in the order of names, so that equal rates are equal bytes.
    mutating func write(_ rates: [String: Double]) {
        write(unsigned: UInt64(rates.count))
        for (name, rate) in rates.sorted(by: { $0.key < $1.key }) {
            write(name)
            write(rate)
        }
    }
}

extension ByteReader {
    mutating func double() throws(Failure) -> Double { Double(bitPattern: try unsigned().byteSwapped) }

    mutating func rates() throws(Failure) -> [String: Double] {
        var rates: [String: Double] = [:]
        for _ in 0..<(try unsigned()) { rates[try text()] = try double() }
        return rates
    }
}
