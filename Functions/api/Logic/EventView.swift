import Flows
import Model
import Store

/// The events of an execution as the API shows them.
enum EventView {
    /// In order; a transaction's events have its time.
    static func items(of rows: some Sequence<HistoryRow>, _ definition: DefinitionRow?) -> [JSON] {
        let flow = definition.flatMap { try? JSON(parsing: $0.body) }.flatMap { try? FlowDefinition($0) }
        return rows.flatMap { row -> [JSON] in
            guard let record = try? HistoryRecord(decoding: row.body) else {
                return [["at": .time(row.at), "event": "unreadable"]]
            }
            return record.events.map { document($0, at: row.at, flow) }
        }
    }

    private static func document(_ event: HistoryEvent, at time: Timestamp, _ flow: FlowDefinition?) -> JSON {
        var members = [JSON.Member("at", .time(time)), JSON.Member("event", .string("\(event.kind)"))]
        if let call = event.call {
            let name = flow.flatMap { $0.steps.indices.contains(call.step) ? $0.steps[call.step].name : nil }
            members.append(JSON.Member("step", .string(name ?? "step \(call.step + 1)")))
            members.append(JSON.Member("attempt", .integer(call.attempt)))
        }
        if let detail = event.detail { members.append(JSON.Member("detail", .string(detail))) }
        return .object(members)
    }
}
