import FoundationEssentials
import Lambda
import Model

extension LambdaAPI {
    /// Invoke (row 40).
    func invoke(_ request: LambdaRequest) async throws -> LambdaResponse {
        let reference = try reference(request)
        let type = request.headers["x-amz-invocation-type"] ?? "RequestResponse"
        switch type {
        case "DryRun":
            _ = try await service.functions.configuration(reference)
            return LambdaResponse(status: 204)
        case "Event":
            try checkLength(request, type, LambdaLimits.asynchronousPayload)
            let id = try await service.enqueue(reference, try input(request))
            var response = LambdaResponse(status: 202)
            response.headers = [("x-amzn-RequestId", id)]
            return response
        case "RequestResponse": return try await synchronously(reference, request)
        default:
            throw LambdaError.validation([
                "Value '\(type)' at 'invocationType' failed to satisfy constraint: "
                    + "Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
            ])
        }
    }

    private func synchronously(_ reference: FunctionReference, _ request: LambdaRequest) async throws -> LambdaResponse
    {
        try checkLength(request, "RequestResponse", LambdaLimits.synchronousPayload)
        let answer = try await service.invoke(reference, try input(request))
        var response = LambdaResponse(status: 200)
        response.body = answer.result.payload
        response.headers = [
            ("x-amzn-RequestId", answer.id), ("X-Amz-Executed-Version", answer.executedVersion),
        ]
        if answer.result.isFailure { response.headers.append(("X-Amz-Function-Error", "Unhandled")) }
        if request.headers["x-amz-log-type"] == "Tail" {
            response.headers.append(("X-Amz-Log-Result", Data(answer.log).base64EncodedString()))
        }
        return response
    }

    private func checkLength(_ request: LambdaRequest, _ type: String, _ most: Int) throws(LambdaError) {
        guard request.body.count > most else { return }
        throw LambdaError(
            "RequestTooLargeException",
            "\(request.body.count) byte payload is too large for the \(type) invocation type (limit \(most) bytes)",
            status: 413)
    }

    private func input(_ request: LambdaRequest) throws(LambdaError) -> LambdaService.InvokeRequest {
        // Without a payload a function gets an empty object.
        var input = LambdaService.InvokeRequest(payload: request.body.isEmpty ? Array("{}".utf8) : request.body)
        guard (try? JSON(parsing: input.payload)) != nil else {
            throw LambdaError("InvalidRequestContentException", "Could not parse request body into json")
        }
        input.traceID = request.headers["x-amzn-trace-id"]
        if let context = request.headers["x-amz-client-context"] {
            guard context.utf8.count <= LambdaAPI.longestContext, let bytes = Data(base64Encoded: context),
                let json = try? JSON(parsing: Array(bytes)), json.members != nil
            else {
                throw LambdaError(
                    "InvalidRequestContentException",
                    "Client context must be a valid Base64-encoded JSON object of at most "
                        + "\(LambdaAPI.longestContext) bytes.")
            }
            // In one line: the runtime gets it as a header.
            input.clientContext = json.description
        }
        return input
    }

    /// Bytes of a client context, encoded ("Invoke", AWS Lambda API reference).
    private static let longestContext = 3_583
}
