extension HTTPAction {
    /// Reads `{"method", "url", "headers", "body", "timeout", "signing"}`, of which `url` is required; nil if there is
    /// a mistake.
    package init?(_ fields: inout JSONFields) {
        let method = fields.optional("method", .oneOf(HTTPAction.methods).defaulting("POST")) ?? "POST"
        let url = fields.required(
            "url", .format("http-url", "an absolute http or https URL of at most \(HTTPAction.maximumURLLength) bytes"))
        if let url, let mistake = HTTPTarget.mistake(in: url) { fields.fail("url", mistake) }
        let headers = HTTPAction.headers(&fields)
        let body = fields.optional(
            "body",
            FieldType(
                "any JSON of at most \(HTTPAction.maximumBodyLength) bytes; a GET or HEAD has none", schema: .object([])
            ) { $0.serialized })
        if let body, body.count > HTTPAction.maximumBodyLength {
            fields.fail(
                "body", "is \(body.count) bytes of JSON text; at most \(HTTPAction.maximumBodyLength) are allowed")
        }
        if body != nil, method == "GET" || method == "HEAD" { fields.fail("body", "a \(method) call has no body") }
        let timeout =
            fields.optional("timeout", .duration(HTTPAction.timeouts).defaulting("30s")) ?? HTTPAction.defaultTimeout
        let signing = fields.optional("signing", .name(.secret, "the name of a secret"))
        guard fields.errors.isEmpty, let url else { return nil }
        self.init(method: method, url: url, headers: headers, body: body, timeout: timeout, signing: signing)
    }

    /// The document that `init(_:)` reads, with all defaults filled in.
    package var json: JSON {
        var members = [
            JSON.Member("method", .string(method)), JSON.Member("url", .string(url)),
            JSON.Member("headers", .object(headers.map { JSON.Member($0.name, .string($0.value)) })),
        ]
        // The body was serialized from JSON and normally parses; a damaged one is shown as text.
        if let body {
            members.append(
                JSON.Member("body", (try? JSON(parsing: body)) ?? .string(String(decoding: body, as: UTF8.self))))
        }
        members.append(JSON.Member("timeout", .string(timeout.text)))
        if let signing { members.append(JSON.Member("signing", .string(signing))) }
        return .object(members)
    }

    private static let headerType = FieldType<[JSON.Member]>(
        "an object of strings",
        schema: [
            "type": "object", "maxProperties": .integer(maximumHeaderCount),
            "propertyNames": ["pattern": .string(HTTPHeaderRule.namePattern)],
            "additionalProperties": [
                "type": "string", "pattern": "^[^\\r\\n]*$", "maxLength": .integer(HTTPHeaderRule.maximumValueLength),
                "description": "${secret.NAME} stands for a secret; CR, LF and NUL cannot be in it",
            ],
        ], read: \.members)

    private static func headers(_ fields: inout JSONFields) -> [Header] {
        guard let members = fields.optional("headers", headerType) else { return [] }
        if members.count > maximumHeaderCount {
            fields.fail("headers", "has \(members.count) fields; at most \(maximumHeaderCount) are allowed")
        }
        var inner = JSONFields(.object(members), at: fields.pointer(to: "headers"))
        var headers: [Header] = []
        var seen: Set<String> = []
        for member in members {
            if let mistake = HTTPHeaderRule.mistake(inName: member.name) { inner.fail(member.name, mistake) }
            if !seen.insert(member.name.lowercased()).inserted { inner.fail(member.name, "is given twice") }
            guard let text = member.value.text else {
                inner.fail(member.name, "expected a string, found \(member.value.kind)")
                continue
            }
            if let mistake = HTTPHeaderRule.mistake(inValue: text) { inner.fail(member.name, mistake) }
            for name in SecretText(text).names where !NameRule.secret.accepts(name) {
                inner.fail(member.name, "\"\(name)\" is not the name of a secret: \(NameRule.secret.requirement)")
            }
            if SecretText(text).isCutShort {
                inner.fail(member.name, "has a reference to a secret without its end: ${secret.NAME}")
            }
            headers.append(Header(name: member.name, value: text))
        }
        fields.add(inner.errors)
        return headers
    }
}
