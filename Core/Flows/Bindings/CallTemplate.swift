package import Model

/// A call with references to what a step is given: the request of a binding.
package struct CallTemplate: Hashable, Sendable {
    /// A header field; its secrets are filled in where the call is made, and nowhere earlier.
    struct Header: Hashable, Sendable {
        var name: String
        var parts: [Part]
    }

    /// A piece of a header's value.
    enum Part: Hashable, Sendable {
        case text(FlowTemplate)
        case secret(String)
    }

    var method: String
    var url: FlowTemplate
    var headers: [Header]
    /// Nil: no body.
    var body: FlowTemplate?
    /// Of the call, connecting included.
    package var timeout: Duration
    /// The name of the secret that signs the call; nil: it is not signed.
    var signing: String?

    /// Fills in the references; throws a `user` failure where one has no value, or where the result is no valid call.
    package func rendered(
        _ lookUp: @escaping (String) -> ExpressionName?
    ) throws(StepFailure) -> RenderedCall {
        let url = try url(lookUp)
        if let mistake = HTTPTarget.mistake(in: url) { throw StepFailure(.user, "the request's url: \(mistake)") }
        var headers: [RenderedCall.Header] = []
        for header in self.headers { headers.append(try header.rendered(lookUp)) }
        var body: [UInt8]?
        if let template = self.body {
            body = try CallTemplate.value(template, "body", lookUp).json.serialized
        }
        if let body, body.count > HTTPAction.maximumBodyLength {
            throw StepFailure(
                .user,
                "the request's body is \(body.count) bytes; at most \(HTTPAction.maximumBodyLength) are allowed")
        }
        return RenderedCall(
            method: method, url: url, headers: headers, body: body, timeout: timeout, signing: signing)
    }

    /// A value that is inserted into a URL is percent-encoded, so that it stays within its part; a URL that is one
    /// reference is used as it is.
    private func url(_ lookUp: @escaping (String) -> ExpressionName?) throws(StepFailure) -> String {
        guard case .text(let parts) = url else {
            guard case .string(let text) = try CallTemplate.value(url, "url", lookUp) else {
                throw StepFailure(.user, "the request's url is not a string")
            }
            return text
        }
        var text = ""
        for part in parts {
            switch part {
            case .text(let piece): text += piece
            case .reference:
                guard case .string(let piece) = try CallTemplate.value(.text([part, .text("")]), "url", lookUp) else {
                    continue
                }
                text += CallTemplate.encoded(piece)
            }
        }
        return text
    }

    /// Everything but unreserved characters (RFC 3986, 2.3) as UTF-8 in hexadecimal.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func value(
        _ template: FlowTemplate, _ part: String, _ lookUp: @escaping (String) -> ExpressionName?
    ) throws(StepFailure) -> ExpressionValue {
        do throws(ExpressionError) {
            return try template.value(lookUp)
        } catch {
            throw StepFailure(.user, "the request's \(part): \(error)")
        }
    }
}

extension CallTemplate.Header {
    fileprivate func rendered(
        _ lookUp: @escaping (String) -> ExpressionName?
    ) throws(StepFailure) -> RenderedCall.Header {
        var rendered: [SecretText.Part] = []
        for part in parts {
            switch part {
            case .secret(let name): rendered.append(.secret(name))
            case .text(let template):
                // A scalar as text, as within a longer string.
                let whole: FlowTemplate =
                    if case .reference(let reference) = template { .text([.reference(reference), .text("")]) } else {
                        template
                    }
                guard case .string(let text) = try CallTemplate.value(whole, "header \(name)", lookUp) else {
                    throw StepFailure(.user, "the request's header \(name) is not a string")
                }
                if let mistake = HTTPHeaderRule.mistake(inValue: text) {
                    throw StepFailure(.user, "the request's header \(name): \(mistake)")
                }
                rendered.append(.text(text))
            }
        }
        return RenderedCall.Header(name: name, value: SecretText(rendered))
    }
}

/// A call that is ready to be made but for its secrets.
package struct RenderedCall: Hashable, Sendable {
    /// A header field whose secrets are still to be filled in.
    package struct Header: Hashable, Sendable {
        package var name: String
        package var value: SecretText
    }

    package var method: String
    package var url: String
    package var headers: [Header]
    package var body: [UInt8]?
    package var timeout: Duration
    package var signing: String?
}
