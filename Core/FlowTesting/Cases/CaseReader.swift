import Flows
import Model

/// Reads one case, and collects its mistakes.
struct CaseReader {
    let plan: FlowPlan
    var errors: [FieldError] = []

    init(plan: FlowPlan) { self.plan = plan }

    /// Nil if there is a mistake.
    mutating func read(_ json: JSON, at pointer: String) -> FlowCase? {
        var fields = JSONFields(json, at: pointer)
        let name = fields.required("name", .text(1...200, "a name"))
        let startAt = fields.optional("startAt", .time) ?? FlowCase.standardStart
        let inputs = inputs(&fields)
        let bindings = bindings(&fields)
        var mocks: [Int: StepMock] = [:]
        for (number, value, place) in steps(&fields, "steps") {
            let step = plan.steps[number]
            guard step.contract.name != "wait" else {
                fields.add([FieldError(pointer: place, detail: "a wait calls nobody: it needs no mock")])
                continue
            }
            let binding = MockBinding.of(step.contract, in: bindings)
            var reader = MockReader(contract: step.contract, completion: binding.completion)
            mocks[number] = reader.read(value, at: place)
            fields.add(reader.errors)
        }
        let events = list(&fields, "events") { self.event(&$0) }
        let expectation = expectation(&fields)
        fields.finish()
        errors += fields.errors
        guard errors.isEmpty, let name, let inputs else { return nil }
        return FlowCase(
            name: name, startAt: startAt, inputs: inputs, mocks: mocks, events: events ?? [], bindings: bindings,
            expectation: expectation)
    }

    private func inputs(_ fields: inout JSONFields) -> FlowInputs? {
        let json = fields.raw("input") ?? .object([])
        do throws(FieldErrors) {
            // The reducer never sees a secret, so that there is nothing to keep.
            return try FlowInputs(json, of: plan.definition, at: fields.pointer(to: "input")) {
                (_, _) throws(FieldErrors) in []
            }
        } catch {
            fields.add(error.errors)
            return nil
        }
    }

    // MARK: Steps and lists

    /// The number of a step; nil, with a mistake: there is none.
    func step(_ name: String, _ pointer: String, _ errors: inout [FieldError]) -> Int? {
        if let number = plan.number(of: name) { return number }
        let known = plan.steps.map(\.name).prefix(10).joined(separator: ", ")
        errors.append(FieldError(pointer: pointer, detail: "there is no step \(name); there are \(known)"))
        return nil
    }

    /// A field with the name of a step.
    func step(_ fields: inout JSONFields, _ name: String, isRequired: Bool = false) -> Int? {
        let text =
            isRequired
            ? fields.required(name, "a step's name", \.text) : fields.optional(name, "a step's name", \.text)
        var errors: [FieldError] = []
        let number = text.flatMap { step($0, fields.pointer(to: name), &errors) }
        fields.add(errors)
        return number
    }

    /// The members of an object by steps, in its order.
    func steps(_ fields: inout JSONFields, _ name: String) -> [(number: Int, value: JSON, pointer: String)] {
        let members = fields.optional(name, "an object by steps", \.members) ?? []
        var errors: [FieldError] = []
        let found = members.compactMap { member -> (Int, JSON, String)? in
            let pointer = "\(fields.pointer(to: name))/\(JSON.pointerToken(member.name))"
            return step(member.name, pointer, &errors).map { ($0, member.value, pointer) }
        }
        fields.add(errors)
        return found
    }

    /// A list of objects; nil: there is none.
    func list<Element>(
        _ fields: inout JSONFields, _ name: String, _ read: (inout JSONFields) -> Element?
    ) -> [Element]? {
        guard let values = fields.optional(name, "a list", \.elements) else { return nil }
        return values.enumerated().compactMap { index, value in
            var inner = JSONFields(value, at: "\(fields.pointer(to: name))/\(index)")
            let element = value.members == nil ? nil : read(&inner)
            inner.finish()
            fields.add(inner.errors)
            return element
        }
    }

    // MARK: Events

    private func event(_ fields: inout JSONFields) -> CaseEvent? {
        let at = fields.required("at", .flowDuration(.zero...FlowCase.longest))
        var kinds: [CaseEvent.Kind] = []
        for (name, kind) in [("pause", CaseEvent.Kind.pause), ("resume", .resume), ("cancel", .cancel)]
        where fields.optional(name, .flag) == true { kinds.append(kind) }
        if let retry = fields.optional("retry", "true, or an object with fromStep", CaseReader.retry) {
            var inner = JSONFields(retry, at: fields.pointer(to: "retry"))
            kinds.append(.retry(from: step(&inner, "fromStep")))
            inner.finish()
            fields.add(inner.errors)
        }
        guard kinds.count == 1 else {
            fields.add([
                FieldError(pointer: fields.pointer, detail: "needs one of pause, resume, cancel and retry")
            ])
            return nil
        }
        return at.map { CaseEvent(at: $0, kind: kinds[0]) }
    }
    /// The object of a retry, which may be as short as `true`; nil: it is neither.
    private static func retry(_ value: JSON) -> JSON? {
        value.flag == true ? .object([]) : value.members == nil ? nil : value
    }
}
