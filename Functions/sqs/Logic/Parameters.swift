import Model
import SQS

/// The parameters of an action, checked as they are read.
struct Parameters {
    let json: JSON

    init(_ json: JSON) { self.json = json }

    /// A text that must be there and not be empty.
    func text(_ name: String) throws(SQSError) -> String {
        guard let text = json[name]?.text, !text.isEmpty else { throw .missing(name) }
        return text
    }
    func optionalText(_ name: String) -> String? { json[name]?.text }

    func number(_ name: String, in range: ClosedRange<Int>) throws(SQSError) -> Int {
        guard let number = try optionalNumber(name, in: range) else { throw .missing(name) }
        return number
    }
    func optionalNumber(_ name: String, in range: ClosedRange<Int>) throws(SQSError) -> Int? {
        guard let number = json[name]?.int else { return nil }
        guard range.contains(number) else { throw .outOfRange(number, for: name, range) }
        return number
    }

    func texts(_ name: String) -> [String] { json[name]?.elements?.compactMap(\.text) ?? [] }
    func pairs(_ name: String) -> [(name: String, value: String)] {
        json[name]?.members?.map { ($0.name, $0.value.text ?? "") } ?? []
    }

    /// The entries of a batch: 1 to 10, with distinct ids (row 3).
    func entries(_ entryName: String) throws(SQSError) -> [(id: String, fields: Parameters)] {
        let entries = json["Entries"]?.elements ?? []
        guard !entries.isEmpty else { throw .emptyBatch(entryName) }
        guard entries.count <= SQSLimits.batch else { throw .tooManyEntries(entries.count) }
        var read: [(id: String, fields: Parameters)] = []
        var ids: Set<String> = []
        for entry in entries {
            guard let id = entry["Id"]?.text, !id.isEmpty else { throw .missing("\(entryName).Id") }
            guard id.utf8.count <= 80, id.utf8.allSatisfy(\.isNameByte) else { throw .invalidBatchEntryID }
            guard ids.insert(id).inserted else { throw .repeatedBatchEntryID(id) }
            read.append((id, Parameters(entry)))
        }
        return read
    }
}

/// What became of the entries of a batch.
struct BatchResult {
    private var successful: [JSON] = []
    private var failed: [JSON] = []

    mutating func succeed(_ id: String, _ members: [JSON.Member] = []) {
        successful.append(.object([JSON.Member("Id", .string(id))] + members))
    }
    mutating func fail(_ id: String, _ error: SQSError) {
        failed.append([
            "Id": .string(id), "SenderFault": .bool(error.isSenderFault), "Code": .string(error.code),
            "Message": .string(error.message),
        ])
    }

    /// Without the list that is empty (row 3).
    var json: JSON {
        var members: [JSON.Member] = []
        if !successful.isEmpty { members.append(JSON.Member("Successful", .array(successful))) }
        if !failed.isEmpty { members.append(JSON.Member("Failed", .array(failed))) }
        return .object(members)
    }
}
