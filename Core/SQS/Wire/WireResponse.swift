package import Model

/// An answer as it goes out over HTTP.
package struct WireResponse: Sendable {
    /// Of HTTP.
    package var status: Int
    /// In their order.
    package var headers: [(name: String, value: String)]
    /// Empty where there is nothing to say.
    package var body: [UInt8]

    private static let namespace = "http://queue.amazonaws.com/doc/2012-11-05/"

    /// The answer of an action that was carried out, in the protocol of its request.
    package init(_ result: JSON, of action: SQSAction, isJSON: Bool, requestID: String) {
        status = 200
        if isJSON {
            // An action without an answer has no body at all.
            body = action.output == nil ? [] : result.serialized
            headers = [("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-RequestId", requestID)]
            return
        }
        var xml = XMLText()
        xml.element("\(action.rawValue)Response", "xmlns=\"\(WireResponse.namespace)\"") { xml in
            if let output = action.output {
                xml.element("\(action.rawValue)Result") { $0.members(result, output) }
            }
            xml.element("ResponseMetadata") { $0.element("RequestId", requestID) }
        }
        body = xml.bytes
        headers = [("Content-Type", "text/xml"), ("x-amzn-RequestId", requestID)]
    }

    /// The answer of a request that was refused.
    package init(_ error: SQSError, isJSON: Bool, requestID: String) {
        status = error.status
        headers = [("x-amzn-RequestId", requestID)]
        if error.isBare {
            headers.append(("Content-Type", "text/xml"))
            body = Array("<UnknownOperationException/>\n".utf8)
        } else if isJSON {
            headers.append(("Content-Type", "application/x-amz-json-1.0"))
            let fault = error.isSenderFault ? "Sender" : "Receiver"
            if error.namespace == "com.amazonaws.sqs" {
                headers.append(("x-amzn-query-error", "\(error.code);\(fault)"))
            }
            body =
                JSON.object([
                    JSON.Member("__type", .string("\(error.namespace)#\(error.shape)")),
                    JSON.Member("message", .string(error.message)),
                ]).serialized
        } else {
            headers.append(("Content-Type", "text/xml"))
            var xml = XMLText()
            xml.element("ErrorResponse", "xmlns=\"\(WireResponse.namespace)\"") { xml in
                xml.element("Error") { xml in
                    xml.element("Type", error.isSenderFault ? "Sender" : "Receiver")
                    xml.element("Code", error.code)
                    xml.element("Message", error.queryMessage ?? error.message)
                    xml.append("<Detail/>")
                }
                xml.element("RequestId", requestID)
            }
            body = xml.bytes
        }
    }
}

/// An XML document in the making.
private struct XMLText {
    private(set) var bytes = Array("<?xml version=\"1.0\"?>".utf8)

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func element(_ name: String, _ attributes: String = "", _ content: (inout XMLText) -> Void) {
        append(attributes.isEmpty ? "<\(name)>" : "<\(name) \(attributes)>")
        content(&self)
        append("</\(name)>")
    }
    mutating func element(_ name: String, _ text: String) { element(name) { $0.append(text.escapedForXML) } }

    /// The members of a structure; those of lists and maps stand one beside another.
    mutating func members(_ json: JSON, _ members: [WireMember]) {
        for member in members {
            guard let value = json[member.name] else { continue }
            switch member.shape {
            case .list(let shape):
                for element in value.elements ?? [] { self.value(element, shape, member.queryName) }
            case .map(let shape, let key, let name):
                for entry in value.members ?? [] {
                    element(member.queryName) { xml in
                        xml.element(key, entry.name)
                        xml.value(entry.value, shape, name)
                    }
                }
            default: self.value(value, member.shape, member.queryName)
            }
        }
    }

    private mutating func value(_ json: JSON, _ shape: WireShape, _ name: String) {
        if case .structure(let members) = shape {
            element(name) { $0.members(json, members) }
        } else {
            element(name, json.text ?? json.description)
        }
    }
}
