package import Model

extension FlowBinding {
    /// Reads a binding; throws all mistakes together, each with its pointer.
    package init(_ json: JSON) throws(FieldErrors) {
        var fields = JSONFields(json)
        let binding = FlowBinding(&fields)
        fields.finish()
        guard fields.errors.isEmpty, let binding else { throw FieldErrors(fields.errors) }
        self = binding
    }

    /// What keeps a step of this type from ever succeeding with these outputs, by their pointers.
    package func mistakes(against contract: StepContract) -> [FieldError] {
        guard let outputs else { return [] }
        let given = Set(outputs.map(\.name))
        let known = contract.outputs.keys.sorted().joined(separator: ", ")
        let missing = contract.outputs.sorted { $0.key < $1.key }.filter { !$1.isOptional && !given.contains($0) }
        return missing.map {
            FieldError(pointer: "/outputs", detail: "lack \($0), a \($1.type), which \(contract.name) gives")
        }
            + outputs.filter { contract.outputs[$0.name] == nil }.map { output in
                FieldError(
                    pointer: "/outputs/\(JSON.pointerToken(output.name))",
                    detail: "\(contract.name) has no such output; it gives \(known)")
            }
    }

    private static let timeouts: ClosedRange<Duration> = .seconds(1)...(.seconds(3_660 * 86_400))

    /// Reads the fields; nil if there is a mistake.
    package init?(_ fields: inout JSONFields) {
        let completion = fields.optional("completion", "response or callback; poll is not supported yet") {
            $0.text.flatMap { Completion(rawValue: $0) }
        }
        let request = fields.object("request", isRequired: true, "the call to make") { CallTemplate(&$0) }
        let cancel = fields.object("cancel", "the call that ends an attempt") { CallTemplate(&$0) }
        let accepted = fields.optional("accepted", "a list of statuses from 100 to 599") { value in
            value.elements.flatMap { elements -> [Int]? in
                let statuses = elements.compactMap(\.int).filter { (100...599).contains($0) }
                return statuses.count == elements.count ? statuses : nil
            }
        }
        let range = FieldType.duration(FlowBinding.timeouts)
        let timeout = fields.optional("timeout", range)
        let startTimeout = fields.optional("startTimeout", range)
        let heartbeatTimeout = fields.optional("heartbeatTimeout", range)
        var (platform, timeouts): (RetryPolicy?, RetryPolicy?)
        if let retry = fields.raw("retry"), retry != .null {
            var inner = JSONFields(retry, at: fields.pointer(to: "retry"))
            platform = inner.object("platform") { RetryPolicy(&$0) }
            timeouts = inner.object("timeout") { RetryPolicy(&$0) }
            inner.finish()
            fields.add(inner.errors)
        }
        let outputs = FlowBinding.outputs(&fields)
        if fields.raw("poll") != nil { fields.fail("poll", "completion by polling is not supported yet") }
        if fields.raw("concurrency") != nil { fields.fail("concurrency", "limits of bindings are not supported yet") }
        let chosen = completion ?? .response
        if let request, chosen == .response, request.timeout > FlowBinding.longestResponse {
            fields.fail("request", "a call that completes by its response has at most 60s; use completion: callback")
        }
        if let request, chosen == .callback, !request.mentions("callback") {
            fields.fail("request", "nothing gives the remote system ${callback}, the URL that it is to call")
        }
        if chosen == .callback, outputs != nil {
            fields.fail("outputs", "are made of a response; a callback brings its own")
        }
        guard fields.errors.isEmpty, let request else { return nil }
        self.init(
            request: request, completion: chosen, outputs: outputs, cancel: cancel, accepted: Set(accepted ?? []),
            timeout: timeout, startTimeout: startTimeout, heartbeatTimeout: heartbeatTimeout, platform: platform,
            timeouts: timeouts)
    }

    private static func outputs(_ fields: inout JSONFields) -> [FlowTemplate.Member]? {
        guard let value = fields.raw("outputs"), value != .null else { return nil }
        guard let members = value.members else {
            fields.fail("outputs", "expected an object, found \(value.kind)")
            return nil
        }
        var errors: [FieldError] = []
        let templates = members.map { member in
            let pointer = "\(fields.pointer(to: "outputs"))/\(JSON.pointerToken(member.name))"
            let template = FlowTemplate(member.value, at: pointer, errors: &errors)
            errors += CallTemplate.unknownNames(in: template, pointer, known: CallTemplate.names.union(["response"]))
            return FlowTemplate.Member(name: member.name, value: template)
        }
        fields.add(errors)
        return templates
    }
}

extension CallTemplate {
    /// Reads `{"method", "url", "headers", "body", "timeout", "signing"}`; nil if there is a mistake.
    init?(_ fields: inout JSONFields) {
        let method = fields.optional("method", .oneOf(HTTPAction.methods).defaulting("POST")) ?? "POST"
        let url = CallTemplate.template(&fields, "url", isRequired: true)
        if case .literal(let value) = url {
            guard case .string(let text) = value else {
                fields.fail("url", "expected a string, found \(value.kind)")
                return nil
            }
            if let mistake = HTTPTarget.mistake(in: text) { fields.fail("url", mistake) }
        }
        let headers = CallTemplate.headers(&fields)
        let body = CallTemplate.template(&fields, "body")
        if body != nil, method == "GET" || method == "HEAD" { fields.fail("body", "a \(method) call has no body") }
        let timeout =
            fields.optional("timeout", .duration(HTTPAction.timeouts).defaulting("30s")) ?? HTTPAction.defaultTimeout
        let signing = fields.optional("signing", .name(.secret, "the name of a secret"))
        guard fields.errors.isEmpty, let url else { return nil }
        self.init(method: method, url: url, headers: headers, body: body, timeout: timeout, signing: signing)
    }

    /// What a request can refer to.
    static let names: Set<String> = ["inputs", "callback", "execution", "step", "attempt"]

    private static func template(
        _ fields: inout JSONFields, _ name: String, isRequired: Bool = false
    ) -> FlowTemplate? {
        guard let value = fields.raw(name), value != .null else {
            if isRequired { fields.fail(name, "is required") }
            return nil
        }
        var errors: [FieldError] = []
        let pointer = fields.pointer(to: name)
        let template = FlowTemplate(value, at: pointer, errors: &errors)
        fields.add(errors + unknownNames(in: template, pointer, known: names))
        return template
    }

    static func unknownNames(in template: FlowTemplate, _ pointer: String, known: Set<String>) -> [FieldError] {
        template.references.filter { !known.contains($0.root) }.map { reference in
            let detail =
                reference.root == "secret"
                ? "secrets can only be in headers"
                : "there is no \(reference.root) here; there are \(known.sorted().joined(separator: ", "))"
            return FieldError(pointer: pointer, detail: detail)
        }
    }

    private static func headers(_ fields: inout JSONFields) -> [Header] {
        guard let value = fields.raw("headers"), value != .null else { return [] }
        guard let members = value.members, members.count <= HTTPAction.maximumHeaderCount else {
            fields.fail("headers", "expected an object of at most \(HTTPAction.maximumHeaderCount) strings")
            return []
        }
        var headers: [Header] = []
        var errors: [FieldError] = []
        for member in members {
            let pointer = "\(fields.pointer(to: "headers"))/\(JSON.pointerToken(member.name))"
            func fail(_ detail: String) { errors.append(FieldError(pointer: pointer, detail: detail)) }
            if let mistake = HTTPHeaderRule.mistake(inName: member.name) { fail(mistake) }
            guard let text = member.value.text else {
                fail("expected a string, found \(member.value.kind)")
                continue
            }
            let secrets = SecretText(text)
            if secrets.isCutShort { fail("has a reference to a secret without its end: ${secret.NAME}") }
            for name in secrets.names where !NameRule.secret.accepts(name) {
                fail("\"\(name)\" is not the name of a secret: \(NameRule.secret.requirement)")
            }
            let parts = secrets.parts.map { part -> Part in
                switch part {
                case .secret(let name): return .secret(name)
                case .text(let text):
                    let template = FlowTemplate(.string(text), at: pointer, errors: &errors)
                    errors += unknownNames(in: template, pointer, known: names)
                    return .text(template)
                }
            }
            headers.append(Header(name: member.name, parts: parts))
        }
        fields.add(errors)
        return headers
    }

    /// Whether a part of the call refers to that name.
    func mentions(_ name: String) -> Bool {
        let inHeaders = headers.flatMap(\.parts).flatMap { part -> [FlowReference] in
            if case .text(let template) = part { template.references } else { [] }
        }
        return (url.references + (body?.references ?? []) + inHeaders).contains { $0.root == name }
    }
}
