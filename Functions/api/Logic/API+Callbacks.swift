import Flows
import FunctionRuntime
import HTTPTypes
import Hummingbird
import Logging
import Model
import Queue
import Secrets
import Store

/// Reports of remote systems on the attempts of steps.
extension API {
    /// In bytes: an error text of megabytes must not keep a flow from failing.
    private static let longestReport = 8 << 20

    var callbackRoutes: [Route] {
        [
            Route(
                method: .post, path: "/v1/callbacks/{token}",
                summary: "Report on an attempt of a step, by the URL that its call has given", role: .viewer,
                body: .json("Report"), bodyLimit: API.longestReport, statuses: [200, 202], answer: "Reported",
                isSigned: true, handle: report)
        ]
    }

    /// Whom a token stands for; 401 for one that is forged.
    func callbackCaller(_ token: String) throws(Problem) -> Caller {
        guard let keys, let token = CallbackToken(token, keys: keys) else { throw API.badToken }
        return Caller(reportingFor: token.tenant)
    }

    private static let badToken = Problem(
        status: .unauthorized, type: "unauthorized", title: "The token is not valid",
        detail: "it was forged or damaged, or its attempt is over")

    /// The answer follows the commit. What comes twice, too late or for an earlier attempt is answered with 200, so
    /// that nobody repeats it (protocols.md, 16, 18a).
    private func report(_ call: Call) async throws -> Response {
        guard let keys, let token = CallbackToken(try call.path("token"), keys: keys) else { throw API.badToken }
        let now = try await status.now()
        guard now < token.expiresAt else { throw API.badToken }
        let attempt = StepCall(step: token.step, attempt: token.attempt)
        var problem: Problem?
        let report: CallbackReport
        do {
            let json = try await call.json()
            report = try CallbackReport(json)
        } catch let error as Problem where error.type == "invalid" {
            // The work cannot be judged by what it sent; sending it again would change nothing.
            problem = error
            report = .failed(StepFailure(.user, "the callback's body: \(error.detail)"))
        } catch let errors as FieldErrors {
            throw Problem.invalid(errors.errors)
        }
        let result = try await executionRegistry.add(
            .callback, report.encoded(attempt), to: token.execution, tenant: token.tenant, now: now)
        switch result {
        case .accepted:
            await hint(token.execution, token.tenant)
            if let problem { throw problem }
            return Response.json(["status": "accepted"], status: .accepted)
        case .unknown, .ended: return Response.json(["status": "ignored"])
        case .full:
            throw Problem(
                status: .tooManyRequests, type: "full", title: "Too much has arrived",
                detail: "the execution has \(ExecutionLimits.arrivals) reports that are not applied yet",
                retryAfter: .seconds(5))
        }
    }

    /// Says that an execution has something to do.
    func hint(_ id: ExecutionID, _ tenant: TenantID) async { await hints.send([id], tenant) }
}
