import Model
import Synchronization

/// Limits the bytes of answers that are kept for repeated requests, by tenant (protocols.md, 12a). Over the limit only
/// the fact is kept that a request was carried out.
struct AnswerBudget {
    /// In bytes: what a tenant may use at once, and what comes back over a day, for which answers are kept. Some 300,000
    /// usual answers.
    static let bytes = 256.0 * 1_048_576

    private struct Account {
        var left: Double
        var updatedAt: ContinuousClock.Instant
    }

    private var accounts: [TenantID: Account] = [:]
    private var nextSweep: ContinuousClock.Instant?

    /// Once there are more accounts than this, those that are full again are dropped.
    private static let sweepFrom = 10_000

    /// Takes an answer's bytes from the tenant's budget. False: too little is left, and nothing was taken.
    mutating func take(_ bytes: Int, of tenant: TenantID, now: ContinuousClock.Instant) -> Bool {
        if accounts.count > AnswerBudget.sweepFrom, nextSweep.map({ now >= $0 }) ?? true {
            nextSweep = now + .seconds(60)
            accounts = accounts.filter { balance($0.value, now) < AnswerBudget.bytes }
        }
        let left = accounts[tenant].map { balance($0, now) } ?? AnswerBudget.bytes
        guard Double(bytes) <= left else { return false }
        accounts[tenant] = Account(left: left - Double(bytes), updatedAt: now)
        return true
    }

    private func balance(_ account: Account, _ now: ContinuousClock.Instant) -> Double {
        min(AnswerBudget.bytes, account.left + (now - account.updatedAt).inSeconds * AnswerBudget.bytes / 86_400)
    }
}

/// The answer budgets of this process.
final class AnswerBudgets: Sendable {
    private let budget = Mutex(AnswerBudget())

    func take(_ bytes: Int, of tenant: TenantID) -> Bool { budget.withLock { $0.take(bytes, of: tenant, now: .now) } }
}
