package import Model

/// A request as it came over HTTP.
package struct WireRequest: Sendable {
    /// GET or POST.
    package var method: String
    /// The path and query as sent.
    package var path: String
    /// Without the question mark.
    package var query: String
    /// Names in lower case, in their order.
    package var headers: [(name: String, value: String)]
    /// As sent.
    package var body: [UInt8]

    /// A request; names of headers may be of any case.
    package init(
        method: String, path: String, query: String, headers: [(name: String, value: String)], body: [UInt8]
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers.map { ($0.name.lowercased(), $0.value) }
        self.body = body
    }

    /// The first field of this name, which is in lower case.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// In AWS JSON the action is in a header.
    package var isJSON: Bool { header("x-amz-target") != nil }
}

/// An action with its parameters.
package struct SQSCall: Sendable {
    /// What to do.
    package var action: SQSAction
    /// As in AWS JSON.
    package var parameters: JSON
    /// By AWS JSON; false: by the query protocol.
    package var isJSON: Bool

    /// Reads the action and its parameters from either protocol.
    package init(_ request: WireRequest) throws(SQSError) {
        isJSON = request.isJSON
        if let target = request.header("x-amz-target") {
            let parts = target.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0] == "AmazonSQS", let action = SQSAction(rawValue: String(parts[1])) else {
                var error = SQSError("UnknownOperationException", "The operation \(target.prefix(200)) is not known.")
                error.namespace = "com.amazon.coral.service"
                throw error
            }
            self.action = action
            parameters = try SQSCall.json(request.body, action)
            return
        }
        var form = QueryForm()
        try form.add(request.query[...].utf8)
        if request.method == "POST" { try form.add(request.body) }
        guard let name = form.root["Action"]?.value else {
            var error = SQSError("UnknownOperationException", "", status: 404)
            error.isBare = true
            throw error
        }
        guard let action = SQSAction(rawValue: name) else {
            throw SQSError(
                "InvalidAction", "The action \(name.prefix(200)) is not valid for this endpoint.")
        }
        self.action = action
        if let version = form.root["Version"]?.value, version != "2012-11-05" {
            throw SQSError(
                "NoSuchVersion",
                "The requested version ( \(version.prefix(40)) ) is not valid. The valid version is 2012-11-05.")
        }
        var parameters = try form.root.structure(action.input)
        // A request to a queue's own URL need not name it.
        if parameters["QueueUrl"] == nil, action.input.contains(where: { $0.name == "QueueUrl" }),
            request.path != "/", !request.path.isEmpty
        {
            parameters = .object((parameters.members ?? []) + [.init("QueueUrl", .string(request.path))])
        }
        self.parameters = parameters
    }

    /// An action with the input that it has in AWS JSON; throws what is answered to values of other types than the API's.
    package init(_ action: SQSAction, _ input: JSON) throws(SQSError) {
        self.action = action
        parameters = try WireShape.structure(action.input).checked(input, at: "")
        isJSON = true
    }

    private static func json(_ body: [UInt8], _ action: SQSAction) throws(SQSError) -> JSON {
        if body.isEmpty { return .object([]) }
        let json: JSON
        do throws(JSON.SyntaxError) {
            json = try JSON(parsing: body)
        } catch {
            // RFC 8259 lets it stand; SQS says what it says of other characters that cannot be in a message.
            if error.isLoneSurrogate { throw .invalidContents }
            throw .serialization("\(error)")
        }
        guard json.members != nil else { throw .serialization("expected an object, found \(json.kind)") }
        return try WireShape.structure(action.input).checked(json, at: "")
    }
}

extension SQSError {
    /// The body is no JSON, or has a value of another type than the API's.
    static func serialization(_ detail: String) -> SQSError {
        var error = SQSError("SerializationException", detail)
        error.namespace = "com.amazon.coral.service"
        return error
    }
}

extension WireShape {
    /// Drops what the API does not have, and refuses values of other types.
    func checked(_ json: JSON, at place: String) throws(SQSError) -> JSON {
        func refusal(_ wanted: String) -> SQSError {
            .serialization("\(place): expected \(wanted), found \(json.kind)")
        }
        switch self {
        case .string, .blob:
            guard json.text != nil else { throw refusal("a string") }
            return json
        case .integer:
            guard json.int != nil else { throw refusal("a whole number") }
            return json
        case .boolean:
            guard json.flag != nil else { throw refusal("a boolean") }
            return json
        case .list(let element):
            guard let elements = json.elements else { throw refusal("a list") }
            var checked: [JSON] = []
            for (index, value) in elements.enumerated() {
                checked.append(try element.checked(value, at: "\(place)[\(index)]"))
            }
            return .array(checked)
        case .map(let element, _, _):
            guard let members = json.members else { throw refusal("a map") }
            var checked: [JSON.Member] = []
            for member in members where member.value != .null {
                checked.append(.init(member.name, try element.checked(member.value, at: "\(place).\(member.name)")))
            }
            return .object(checked)
        case .structure(let members):
            guard json.members != nil else { throw refusal("a structure") }
            var checked: [JSON.Member] = []
            for member in members {
                guard let value = json[member.name], value != .null else { continue }
                checked.append(.init(member.name, try member.shape.checked(value, at: "\(place).\(member.name)")))
            }
            return .object(checked)
        }
    }
}
