package import Model

/// Which values are of a type.
extension FlowType {
    /// Mistakes that are reported of one value.
    private static let most = 10

    /// The first reason why a JSON value is not of this type, with the pointer of the part that is not; nil: it is.
    package func mistake(in value: JSON, at pointer: String) -> FieldError? {
        mistakes(in: value, at: pointer, most: 1).first
    }

    /// The first ten reasons why a JSON value is not of this type, each with the pointer of the part that is not.
    package func mistakes(in value: JSON, at pointer: String) -> [FieldError] {
        mistakes(in: value, at: pointer, most: FlowType.most)
    }

    private func mistakes(in value: JSON, at pointer: String, most: Int) -> [FieldError] {
        var found: [FieldError] = []
        func check(_ type: FlowType, _ part: JSON, _ token: @autoclosure () -> String) {
            if found.count == most { return }
            found += type.mistakes(in: part, at: "\(pointer)/\(token())", most: most - found.count)
        }
        switch (self, value) {
        case (.list(let element), .array(let elements)):
            for (index, part) in elements.enumerated() { check(element, part, "\(index)") }
        case (.map(let element), .object(let members)):
            for member in members { check(element, member.value, JSON.pointerToken(member.name)) }
        case (.metricSet, .object): return FlowType.map(.number).mistakes(in: value, at: pointer, most: most)
        case (.lifecycle, .object(let members)):
            if value["uri"] == nil { found.append(FieldError(pointer: pointer, detail: lacksURI)) }
            for member in members {
                let token = JSON.pointerToken(member.name)
                if let type = field(member.name) {
                    check(type, member.value, token)
                } else if found.count < most {
                    let detail = "\(self) has no field \(member.name); it has uri, digest, size and mediaType"
                    found.append(FieldError(pointer: "\(pointer)/\(token)", detail: detail))
                }
            }
            if value["uri"]?.text == "", found.count < most {
                found.append(FieldError(pointer: "\(pointer)/uri", detail: "expected a uri, found an empty string"))
            }
        case (.number, .number(let digits)) where value.double?.isFinite != true:
            return [FieldError(pointer: pointer, detail: FlowType.beyondRange(digits))]
        case (.json, _):
            // It would become null where it is computed with.
            if let (place, digits) = value.numberBeyondRange(at: pointer) {
                return [FieldError(pointer: place, detail: FlowType.beyondRange(digits))]
            }
        default:
            if !takes(value) { return [FieldError(pointer: pointer, detail: expected(value.kind))] }
        }
        return found
    }

    /// Whether a value that has no parts to be checked is of this type.
    private func takes(_ value: JSON) -> Bool {
        switch self {
        case .json: true
        case .string: value.text != nil
        case .integer: value.int != nil
        case .number: value.double != nil
        case .boolean: value.flag != nil
        case .duration: value.text.flatMap { Duration(text: $0) } != nil
        case .timestamp: value.text.flatMap { Timestamp($0) } != nil
        case .metricSet, .lifecycle, .list, .map: false
        }
    }

    private static func beyondRange(_ digits: String) -> String {
        "\(digits.prefix(40)) is beyond the range of numbers, which ends at about 1.8e308"
    }

    /// What is wrong with a reference that does not say where it leads.
    var lacksURI: String { "\(self) needs a uri" }

    /// What was expected, with what was found: `expected a string, found an object`.
    func expected(_ found: String) -> String {
        let words =
            switch self {
            case .json: "any JSON"
            case .string: "a string"
            case .integer: "a whole number"
            case .number: "a number"
            case .boolean: "true or false"
            case .duration: "a duration such as \"90s\" or \"1h30m\""
            case .timestamp: Timestamp.requirement
            case .metricSet: "an object of numbers"
            case .lifecycle: "\(self), an object with a uri"
            case .list: "an array, as a value of the type \(self)"
            case .map: "an object, as a value of the type \(self)"
            }
        return "expected \(words), found \(found)"
    }
}

extension JSON {
    /// The first number that no floating-point number can hold, with its pointer; nil: there is none.
    fileprivate func numberBeyondRange(at pointer: String) -> (pointer: String, digits: String)? {
        switch self {
        case .number(let digits): return double?.isFinite == true ? nil : (pointer, digits)
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                if let found = element.numberBeyondRange(at: "\(pointer)/\(index)") { return found }
            }
        case .object(let members):
            for member in members {
                let place = "\(pointer)/\(JSON.pointerToken(member.name))"
                if let found = member.value.numberBeyondRange(at: place) { return found }
            }
        case .null, .bool, .string: break
        }
        return nil
    }
}
