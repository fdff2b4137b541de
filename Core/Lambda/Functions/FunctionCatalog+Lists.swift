/// One page of a list.
package struct FunctionPage<Element: Sendable>: Sendable {
    /// In the list's order.
    package var elements: [Element]
    /// `Marker` of the next page; nil: this is the last one.
    package var nextMarker: String?
}

/// Lists, each page of which begins after a marker: the place of the last element of the page before.
extension FunctionCatalog {
    /// ListFunctions, by name: what is not published, or all versions (`FunctionVersion=ALL`).
    package func list(
        allVersions: Bool = false, marker: String? = nil, maximum: Int? = nil
    ) throws(LambdaError) -> FunctionPage<FunctionConfiguration> {
        let found = functions.values.flatMap { allVersions ? [$0.latest] + $0.versions : [$0.latest] }
        return try page(found, marker, maximum) { Place(name: $0.name, number: Int($0.version) ?? 0) }
    }

    /// ListVersionsByFunction: `$LATEST` and then the published ones.
    package func listVersions(
        _ reference: FunctionReference, marker: String? = nil, maximum: Int? = nil
    ) throws(LambdaError) -> FunctionPage<FunctionConfiguration> {
        let record = try record(reference)
        return try page([record.latest] + record.versions, marker, maximum) {
            Place(name: $0.name, number: Int($0.version) ?? 0)
        }
    }

    /// ListAliases, by name.
    ///
    /// - Parameter version: only those whose first version it is.
    package func listAliases(
        _ reference: FunctionReference, version: String? = nil, marker: String? = nil, maximum: Int? = nil
    ) throws(LambdaError) -> FunctionPage<FunctionAlias> {
        let found = try record(reference).aliases.values.filter { version == nil || $0.version == version }
        return try page(found, marker, maximum) { Place(name: $0.name, number: 0) }
    }

    /// ListFunctionEventInvokeConfigs, by qualifier.
    package func listEventInvoke(
        _ reference: FunctionReference, marker: String? = nil, maximum: Int? = nil
    ) throws(LambdaError) -> FunctionPage<(qualifier: String, configuration: EventInvokeConfiguration)> {
        guard functions[reference.name] != nil else { throw .notFound("The function doesn't exist.") }
        let found = try record(reference).eventInvoke.map { (qualifier: $0.key, configuration: $0.value) }
        return try page(found, marker, maximum) { Place(name: $0.qualifier, number: 0) }
    }

    /// Where an element stands in its list; its text is a marker.
    private struct Place: Comparable {
        var name: String
        var number: Int

        var text: String { "\(name):\(number)" }

        static func < (left: Place, right: Place) -> Bool {
            (left.name, left.number) < (right.name, right.number)
        }
    }

    private func page<Element: Sendable>(
        _ elements: [Element], _ marker: String?, _ maximum: Int?, _ place: (Element) -> Place
    ) throws(LambdaError) -> FunctionPage<Element> {
        var check = RequestCheck()
        check.range(maximum, at: "maxItems", 1...10_000)
        try check.finish()
        var sorted = elements.map { (place: place($0), element: $0) }.sorted { $0.place < $1.place }
        if let marker, !marker.isEmpty {
            let parts = marker.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let number = Int(parts[1]) else { throw .invalid("Invalid marker: \(marker)") }
            let last = Place(name: String(parts[0]), number: number)
            sorted.removeAll { $0.place <= last }
        }
        let count = min(maximum ?? LambdaLimits.page, LambdaLimits.page)
        return FunctionPage(
            elements: sorted.prefix(count).map(\.element),
            nextMarker: sorted.count > count ? sorted[count - 1].place.text : nil)
    }
}
