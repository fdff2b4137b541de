package import Model
package import Store

/// Columns of `Statement.findRequest`.
private enum RequestColumn: Int, ResultColumn {
    case request, status, body
}

extension PostgresRegistry {
    /// Claims the key in one statement, so that of several equal requests only one is carried out. A claim whose
    /// connection broke, perhaps after its commit, is repeated once.
    package func begin(tenant: TenantID, key: String, request: [UInt8], now: Timestamp) async throws -> RequestClaim {
        do {
            return try await claim(tenant: tenant, key: key, request: request, now: now)
        } catch let error as PostgresError where error.code == .disconnected {
            return try await claim(tenant: tenant, key: key, request: request, now: now)
        }
    }

    private func claim(tenant: TenantID, key: String, request: [UInt8], now: Timestamp) async throws -> RequestClaim {
        let claim = StatementCall(.apiClaimRequest, [.tenant(tenant), .text(key), .bytes(request), .time(now)])
        let find = StatementCall(.findRequest, [.tenant(tenant), .text(key)])
        return try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            let first = try transaction.values(claim, .time)
            if let first = first.first { return .begun(first: first) }
            let found = try transaction.query(find) {
                (row: PostgresRow<RequestColumn>) throws(PostgresError) -> RequestClaim in
                if try row.required(.request, row.bytes) != request { return .different }
                let status = try row.required(.status, row.int)
                return status == 0 ? .underWay : .answered(status: status, body: try row.required(.body, row.text))
            }
            // The key was deleted between the two statements; the client may retry.
            return found.first ?? .underWay
        }
    }

    /// Stores the answer for repetitions of the request.
    package func answer(tenant: TenantID, key: String, status: Int, body: String) async throws {
        let call = StatementCall(.answerRequest, [.tenant(tenant), .text(key), .int(status), .text(body)])
        try await inTransaction(of: tenant) { transaction throws(PostgresError) in _ = try transaction.execute(call) }
    }

    /// Lets the next attempt begin at once; forgets the key altogether if nothing was changed.
    package func abandon(tenant: TenantID, key: String, changedNothing: Bool) async throws {
        let call = StatementCall(changedNothing ? .forgetRequest : .releaseRequest, [.tenant(tenant), .text(key)])
        try await inTransaction(of: tenant) { transaction throws(PostgresError) in _ = try transaction.execute(call) }
    }
}
