import Model

extension Computation {
    /// `model`, `metrics`, `name` → `model`: the registered copy. Without a name the model's family is the name.
    func register(_ inputs: StepInputs, key: String) throws(GatewayError) -> JSON {
        let content = try model(inputs.file("model")).content
        let name: String
        if let given = inputs["name"] {
            guard let text = given.text else { throw .user("inputs.name: expected a string, found \(given.kind)") }
            name = text
        } else {
            name = artifacts.family(of: content.path)
        }
        let registered = try registry.register(content.bytes, name: name, key: key, metrics: inputs["metrics"])
        return ["model": registered.json]
    }
}
