package import Model
package import Queue

extension TenantRecord {
    /// The rates that a call to a host, with or without a port, is subject to.
    package func buckets(host: String) -> [RateRequest.Bucket] {
        var buckets: [RateRequest.Bucket] = []
        if let rate = maxRate { buckets.append(.init(name: "all", rate: rate)) }
        if !targetRates.isEmpty {
            let name = host.lowercased()
            let bare = name.lastIndex(of: ":").map { String(name[..<$0]) } ?? name
            if let rate = targetRates[name] ?? targetRates[bare] {
                buckets.append(.init(name: "target:\(targetRates[name] == nil ? bare : name)", rate: rate))
            }
        }
        return buckets
    }
}
