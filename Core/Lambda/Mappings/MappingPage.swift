package import Model

/// One page of the list of mappings.
package struct MappingPage: Hashable, Sendable {
    /// By UUID.
    package var mappings: [MappingRecord]
    /// `Marker` of the next page; nil: this is the last one.
    package var nextMarker: String?

    /// What ListEventSourceMappings answers.
    package var json: JSON {
        var members = [JSON.Member("EventSourceMappings", .array(mappings.map(\.json)))]
        if let nextMarker { members.append(JSON.Member("NextMarker", .string(nextMarker))) }
        return .object(members)
    }
}
