package import HTTP
import Model

/// Headgate's own API, as trigger-workers call it.
package struct EngineAPI: Sendable {
    /// Where the API is, and the key that it knows functions by.
    package struct Configuration: Sendable {
        /// Without a slash at the end.
        package var api: String
        package var key: String
        /// Of a call.
        package var timeout: Duration = .seconds(10)

        /// An API with its service key.
        package init(api: String, key: String) {
            self.api = api
            self.key = key
        }
    }

    /// Why there is no answer that can be used; another attempt may succeed.
    struct Failure: Error, CustomStringConvertible { var description: String }

    private let configuration: Configuration?
    private let client: any HTTPCaller

    /// An API that is called with a client of its own, which the outbound policy of targets does not apply to.
    ///
    /// - Parameter configuration: nil: every call fails.
    package init(_ configuration: Configuration?, client: any HTTPCaller) {
        self.configuration = configuration
        self.client = client
    }

    /// Posts a document, and returns the list of this name in the answer, which must have `count` elements.
    func post(_ path: String, _ body: JSON, list: String, count: Int) async throws(Failure) -> [JSON] {
        guard let configuration else {
            throw Failure(description: "HEADGATE_API and HEADGATE_SERVICE_KEY are not set for the trigger-worker")
        }
        let request = HTTPRequest(
            method: "POST", url: "\(configuration.api)/engine/\(path)",
            headers: [
                ("Authorization", "Bearer \(configuration.key)"), ("Content-Type", "application/json"),
            ], body: body.serialized, timeout: configuration.timeout, keptBytes: 4 << 20)
        switch await client.result(of: request) {
        case .failure(let error): throw Failure(description: "the API cannot be reached: \(error.description)")
        case .success(let response):
            guard response.status == 200, let json = try? JSON(parsing: response.body),
                let items = json[list]?.elements, items.count == count
            else { throw Failure(description: "the API answered \(response.status)") }
            return items
        }
    }

    /// Ends calls under way.
    func close() { client.close() }
}
