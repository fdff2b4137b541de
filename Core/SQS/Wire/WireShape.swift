package import Model

/// The form of a value in a request or an answer, and its names in either protocol.
package indirect enum WireShape: Sendable {
    case string
    case integer
    case boolean
    /// Bytes, as base64 in both protocols.
    case blob
    case list(WireShape)
    /// By `key` and `value` in the query protocol.
    case map(WireShape, key: String = "Name", value: String = "Value")
    case structure([WireMember])
}

/// A member of a structure.
package struct WireMember: Sendable {
    /// In AWS JSON.
    package var name: String
    /// In the query protocol, if it is another: that of one element, where it is a list or map.
    package var queryName: String
    /// Of its value.
    package var shape: WireShape
    /// Whether a request must have it.
    package var isRequired: Bool

    /// Whether a request lacks it; an empty list or map is as good as none.
    package func isAbsent(in json: JSON) -> Bool {
        guard let value = json[name] else { return true }
        return value.text == "" || value.elements?.isEmpty == true || value.members?.isEmpty == true
    }

    static func required(_ name: String, _ shape: WireShape, _ queryName: String? = nil) -> WireMember {
        WireMember(name: name, queryName: queryName ?? name, shape: shape, isRequired: true)
    }
    static func optional(_ name: String, _ shape: WireShape, _ queryName: String? = nil) -> WireMember {
        WireMember(name: name, queryName: queryName ?? name, shape: shape, isRequired: false)
    }
}
