import Lambda
import Model

extension LambdaAPI {
    /// `/2015-03-31/event-source-mappings…`
    func mappings(_ request: LambdaRequest) async throws -> LambdaResponse {
        let uuid = request.path.count == 3 ? request.path[2] : ""
        switch (request.method, request.path.count) {
        case ("POST", 2): return LambdaResponse(try await service.createMapping(request.object()).json, status: 202)
        case ("GET", 2):
            let functions = await service.functions
            var function: String?
            if let name = request.query["FunctionName"] {
                function = try FunctionReference(name).arn(account: functions.account, region: functions.region)
            }
            return LambdaResponse(
                try await service.eventSources.list(
                    sourceARN: request.query["EventSourceArn"], functionARN: function,
                    marker: request.query["Marker"], maximum: request.number("MaxItems")
                ).json)
        case ("GET", 3): return LambdaResponse(try await service.eventSources.mapping(uuid).json)
        case ("PUT", 3):
            return LambdaResponse(try await service.updateMapping(uuid, request.object()).json, status: 202)
        case ("DELETE", 3): return LambdaResponse(try await service.deleteMapping(uuid).json, status: 202)
        default: throw unknown(request)
        }
    }
}
