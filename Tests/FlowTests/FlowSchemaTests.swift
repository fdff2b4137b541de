import Flows
import Foundation
import Model
import TestServers
import Testing

struct FlowSchemaTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Prints `[mistakes of each document]`; exits with 3 where Python has no validator.
    private static let program = """
        json, sys = __import__("json"), __import__("sys")
        try:
            jsonschema = __import__("jsonschema")
        except ImportError:
            sys.exit(3)
        given = json.load(sys.stdin)
        jsonschema.Draft202012Validator.check_schema(given["schema"])
        validator = jsonschema.Draft202012Validator(given["schema"])
        print(json.dumps([[error.json_path for error in validator.iter_errors(flow)] for flow in given["flows"]]))
        """

    /// The places of mistakes by documents; nil: there is no validator on this host.
    private func mistakes(_ flows: [JSON]) async throws -> [[String]]? {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", FlowSchemaTests.program]
        let input = FileManager.default.temporaryDirectory.appending(path: "flow-schema-\(UUID().uuidString).json")
        let document: JSON = ["schema": FlowDefinition.schema, "flows": .array(flows)]
        try Data(document.serialized).write(to: input)
        defer { try? FileManager.default.removeItem(at: input) }
        let output = Pipe()
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = await output.text()
        await process.ended()
        if [3, 127].contains(process.terminationStatus) { return nil }
        try #require(process.terminationStatus == 0, "the validator refuses the schema")
        return try JSON(parsing: text).elements?.map { $0.elements?.compactMap(\.text) ?? [] }
    }

    private func churn() throws -> JSON {
        try FlowCaseTests.document(FlowSchemaTests.root.appending(path: "local-runner/examples/churn/flow.json"))
    }

    @Test func `flows that can be published are valid`() async throws {
        let page = try String(
            contentsOf: FlowSchemaTests.root.appending(path: "docs/flows.md"), encoding: .utf8)
        let block = try #require(page.split(separator: "```json\n").dropFirst().first?.split(separator: "```").first)
        var flows = [try churn(), try JSON(parsing: String(block))]
        let folder = FlowSchemaTests.root.appending(path: "Tests/Flows")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasSuffix(".json") {
            let flow = try FlowCaseTests.document(folder.appending(path: name))["flow"]
            if let flow, flow.members != nil { flows.append(flow) }
        }
        guard let mistakes = try await mistakes(flows) else { return }
        #expect(mistakes == flows.map { _ in [] })
    }

    static let wrong: [(from: String, to: String, place: String)] = [
        (#""heartbeatTimeout""#, #""hartbeatTimeout""#, "$.steps.train"),
        (#""type":"model.train""#, #""type":"model.tune""#, "$.steps.train.type"),
        (#""dataset":"${prepare.dataset}","#, "", "$.steps.train.with"),
        (#""source":"Dataset""#, #""source":"Datensatz""#, "$.inputs.source"),
        (#""model":"${train.model}","metrics""#, #""model":"s3://m","metrics""#, "$.steps.register.with.model"),
        (#""metrics":"${evaluate.metrics}""#, #""metric":"${evaluate.metrics}""#, "$.steps.register.with"),
        (#""timeout":"1h""#, #""timeout":60"#, "$.steps.train.timeout"),
    ]

    @Test(arguments: wrong)
    func `what cannot be published is found`(from: String, to: String, place: String) async throws {
        let text = try churn().description
        try #require(text.contains(from))
        guard let mistakes = try await mistakes([JSON(parsing: text.replacing(from, with: to, maxReplacements: 1))])
        else {
            return
        }
        #expect(mistakes.first?.contains(place) == true, "\(mistakes)")
    }

    @Test func `every type of step has its fields, and every reference its definition`() throws {
        let schema = FlowDefinition.schema
        let conditions = try #require(schema["$defs"]?["step"]?["allOf"]?.elements)
        #expect(
            conditions.map { $0["if"]?["properties"]?["type"]?["const"]?.text } == StepContract.builtIn.map(\.name))
        for (condition, contract) in zip(conditions, StepContract.builtIn) {
            let with = condition["then"]?["properties"]?["with"]
            #expect(Set(with?["properties"]?.members?.map(\.name) ?? []) == Set(contract.inputs.keys))
            let required = contract.inputs.filter { !$0.value.isOptional }.keys.sorted()
            #expect(with?["required"]?.elements?.compactMap(\.text) ?? [] == required)
            #expect((with?["additionalProperties"]?.flag == false) == !contract.takesParameters)
        }
        let known = Set(schema["$defs"]?.members?.map { "#/$defs/\($0.name)" } ?? [])
        #expect(references(schema).isSubset(of: known))
    }

    private func references(_ json: JSON) -> Set<String> {
        var found = Set(json["$ref"]?.text.map { [$0] } ?? [])
        for element in json.elements ?? [] { found.formUnion(references(element)) }
        for member in json.members ?? [] { found.formUnion(references(member.value)) }
        return found
    }
}
