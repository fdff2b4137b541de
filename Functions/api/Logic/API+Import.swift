import Hummingbird
import Model
import Store

/// Creating or replacing many schedules in one request, one per line.
extension API {
    private static let importBatch = 1_000
    /// How many lines with mistakes, and how many with warnings, an answer lists: an import of a million lines may have
    /// as many.
    private static let listed = 10_000
    /// As long as the document of a PUT.
    private static let longestLine = 1 << 20
    /// How much is read between two looks at other requests, in lines and in bytes.
    private static let unbroken = (lines: 64, bytes: 65_536)

    /// A line that can be stored.
    private struct ImportLine: Sendable {
        var number: Int
        var write: ScheduleWrite
        var record: ActionRecord
        var document: JSON
        var warnings: [FieldError]
    }

    private struct ImportResult: Sendable {
        var created = 0
        var updated = 0
        /// Whether a line differed from what is stored.
        var hasChanged = false
        var refused: [(line: Int, errors: [FieldError])] = []
        var warned: [(line: Int, warnings: [FieldError])] = []

        static func += (left: inout ImportResult, right: ImportResult) {
            left.created += right.created
            left.updated += right.updated
            left.hasChanged = left.hasChanged || right.hasChanged
            left.refused += right.refused
            left.warned += right.warned
        }
    }

    /// Stores good lines, a thousand per transaction, and lists bad ones. The next batch is read while one is being
    /// written.
    func importSchedules(_ call: Call) async throws -> Response {
        let body = try await call.bytes(limit: 64 << 20)
        let now = try await status.now()
        var batch: [ImportLine] = []
        var names: Set<String> = []
        var writing: Task<ImportResult, any Error>?
        var result = ImportResult()
        var omitted = 0
        var (rest, number, pausedAt) = (body.withoutByteOrderMark[...], 0, (lines: 0, bytes: 0))
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 10) ?? rest.endIndex
            let line = rest[rest.startIndex..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            number += 1
            // Blank lines count too: an import of nothing but blank lines would hold its thread for seconds.
            if number - pausedAt.lines >= API.unbroken.lines || end - pausedAt.bytes >= API.unbroken.bytes {
                pausedAt = (number, end)
                await Task.yield()
            }
            if !line.contains(where: { $0 > 32 }) { continue }
            do throws(FieldErrors) {
                let line = try read(line, number: number, call.caller, now: now)
                guard names.insert("\(line.write.tenant)/\(line.write.name)").inserted else {
                    throw FieldErrors([FieldError(pointer: "/name", detail: "the name stands in an earlier line too")])
                }
                batch.append(line)
            } catch {
                if result.refused.count < API.listed {
                    result.refused.append((number, error.errors))
                } else {
                    omitted += 1
                }
            }
            if batch.count == API.importBatch {
                if let writing { result += try await writing.value }
                let full = batch
                writing = Task { try await store(full, by: call.caller, now: now) }
                batch = []
            }
        }
        if let writing { result += try await writing.value }
        if !batch.isEmpty { result += try await store(batch, by: call.caller, now: now) }
        if !result.hasChanged { call.effect.reportNone() }
        let refused = result.refused.sorted { $0.line < $1.line }
        omitted += max(0, refused.count - API.listed)
        let list = refused.prefix(API.listed).map { line, errors -> JSON in
            ["line": .integer(line), "errors": .mistakes(errors)]
        }
        await Task.yield()
        let warnings = result.warned.sorted { $0.line < $1.line }.prefix(API.listed).map { line, list -> JSON in
            ["line": .integer(line), "warnings": .mistakes(list)]
        }
        await Task.yield()
        return Response.json([
            "created": .integer(result.created), "updated": .integer(result.updated), "refused": .array(list),
            "omitted": .integer(omitted), "warnings": .array(warnings),
        ])
    }

    private func read(
        _ line: ArraySlice<UInt8>, number: Int, _ caller: Caller, now: Timestamp
    ) throws(FieldErrors) -> ImportLine {
        guard line.count <= API.longestLine else {
            let detail = "the line has \(line.count) bytes; a document has at most \(API.longestLine)"
            throw FieldErrors([FieldError(pointer: "", detail: detail)])
        }
        let document: JSON
        do throws(JSON.SyntaxError) {
            document = try JSON(document: line)
        } catch {
            throw FieldErrors([error.fieldError(isLine: true)])
        }
        var fields = JSONFields(document)
        let name = fields.required("name", ScheduleName.requirement) { value in
            value.text.flatMap { ScheduleName($0) }.flatMap { $0.isUnavailable ? nil : $0 }
        }
        let tenant = fields.optional("tenant", NameRule.tenant.requirement) { $0.text.flatMap { TenantID($0) } }
        if let tenant, !caller.seesAll, tenant != caller.tenant {
            fields.fail(
                "tenant",
                caller.isPlatform
                    ? "is not the tenant that the call is for, \(caller.tenant)"
                    : "only a platform admin's key may name another tenant")
        }
        let target = tenant ?? caller.tenant
        var errors = fields.errors
        do throws(FieldErrors) {
            let (write, record, warnings) = try write(
                document, name: name ?? ScheduleName(checked: "unnamed"), tenant: target, now: now,
                ignoring: ReadOnlyFields.schedule.union(["name"]))
            if errors.isEmpty {
                return ImportLine(number: number, write: write, record: record, document: document, warnings: warnings)
            }
        } catch {
            errors += error.errors
        }
        throw FieldErrors(errors)
    }

    private func store(_ lines: [ImportLine], by caller: Caller, now: Timestamp) async throws -> ImportResult {
        var result = ImportResult()
        let good = try await withoutChanged(try await withoutMissingSecrets(lines, &result), &result)
        do {
            result += try await put(good, by: caller, now: now)
        } catch is TenantLimit {
            // Some tenants may still have room: put each line alone.
            for line in good {
                do {
                    result += try await put([line], by: caller, now: now)
                } catch let limit as TenantLimit {
                    let detail = "the tenant \(limit.tenant) may have \(limit.limit) \(limit.things)"
                    result.refused.append((line.number, [FieldError(pointer: "", detail: detail)]))
                }
            }
        }
        return result
    }

    private func withoutMissingSecrets(
        _ lines: [ImportLine], _ result: inout ImportResult
    ) async throws -> [ImportLine] {
        var good: [ImportLine] = []
        for line in lines {
            let errors = try await secretMistakes(line.record, tenant: line.write.tenant)
            if errors.isEmpty { good.append(line) } else { result.refused.append((line.number, errors)) }
        }
        return good
    }

    /// The lines whose read-only fields agree with what is stored; the others are refused.
    private func withoutChanged(_ lines: [ImportLine], _ result: inout ImportResult) async throws -> [ImportLine] {
        let shown = lines.filter { ReadOnlyFields.areCompared(in: $0.document) }
        if shown.isEmpty { return lines }
        let rows = try await scheduleRegistry.schedules(
            named: shown.map { (tenant: $0.write.tenant, name: $0.write.name) })
        let stored = Dictionary(rows.map { ("\($0.tenant)/\($0.name)", $0) }, uniquingKeysWith: { $1 })
        var good: [ImportLine] = []
        for line in lines {
            let row = stored["\(line.write.tenant)/\(line.write.name)"]
            let errors = row.map { ReadOnlyFields.mistakes(in: line.document, of: $0, repeating: line.write) } ?? []
            if errors.isEmpty { good.append(line) } else { result.refused.append((line.number, errors)) }
        }
        return good
    }

    private func put(_ lines: [ImportLine], by caller: Caller, now: Timestamp) async throws -> ImportResult {
        if lines.isEmpty { return ImportResult() }
        let isMixed = lines.contains { $0.write.tenant != caller.tenant }
        let results = try await scheduleRegistry.put(
            lines.map(\.write), by: caller.actor, acrossTenants: isMixed, now: now)
        for (tenant, results) in Dictionary(grouping: results.filter { !$0.cancelled.isEmpty }, by: \.row.tenant) {
            await cancelInQueue(results.flatMap(\.cancelled), tenant: tenant, reason: .superseded)
        }
        let created = results.filter(\.isCreated).count
        return ImportResult(
            created: created, updated: results.count - created, hasChanged: results.contains(where: \.isChanged),
            warned: lines.filter { !$0.warnings.isEmpty }.map { ($0.number, $0.warnings) })
    }
}
