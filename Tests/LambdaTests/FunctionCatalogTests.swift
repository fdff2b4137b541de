import Lambda
import Model
import Testing

private let now = Timestamp(seconds: 1_795_885_200)
private let arn = "arn:aws:lambda:us-east-1:000000000000:function:a"
private let a = FunctionReference(name: "a")

@Suite struct FunctionCatalogTests {
    private var catalog = FunctionCatalog(account: "000000000000", region: "us-east-1")
    private var random = SystemRandomNumberGenerator()

    private func request(_ changes: (String, JSON)...) -> JSON {
        var members: [JSON.Member] = [
            .init("FunctionName", "a"), .init("Runtime", "python3.12"), .init("Handler", "main.handler"),
            .init("Role", "arn:aws:iam::000000000000:role/any"),
        ]
        for (name, value) in changes {
            members.removeAll { $0.name == name }
            members.append(.init(name, value))
        }
        return .object(members)
    }

    private func code(_ text: String = "x") -> FunctionCode {
        FunctionCode(sha256: text, bytes: 10, location: "functions/a/\(text)")
    }

    @discardableResult private mutating func create(_ changes: (String, JSON)...) throws -> FunctionConfiguration {
        var body = request()
        for (name, value) in changes {
            body = .object((body.members ?? []).filter { $0.name != name } + [.init(name, value)])
        }
        return try catalog.create(body, code: code(), now: now, using: &random)
    }

    @discardableResult private mutating func publish(_ body: JSON = [:]) throws -> FunctionConfiguration {
        try catalog.publish(a, body, now: now, using: &random)
    }

    /// Changes `$LATEST`, and publishes it.
    @discardableResult private mutating func publishNew(_ text: String) throws -> FunctionConfiguration {
        _ = try catalog.updateCode(a, [:], code: code(text), now: now, using: &random)
        return try publish()
    }

    /// What an operation is refused with; the catalog must not have changed.
    private mutating func refusal<Value>(
        _ body: (inout FunctionCatalog, inout SystemRandomNumberGenerator) throws -> Value
    ) -> LambdaError? {
        let before = catalog
        defer { catalog = before }
        do { _ = try body(&catalog, &random) } catch let error as LambdaError {
            #expect(catalog == before, "refused, and changed: \(error)")
            return error
        } catch { Issue.record(error) }
        return nil
    }

    // MARK: Configurations

    @Test("a function is shown as the API shows one, with the defaults")
    mutating func shown() throws {
        let made = try create()
        let json = made.json(account: "000000000000", region: "us-east-1")
        let expected: JSON = [
            "FunctionName": "a", "FunctionArn": .string(arn), "Runtime": "python3.12",
            "Role": "arn:aws:iam::000000000000:role/any", "Handler": "main.handler", "CodeSize": 10, "Description": "",
            "Timeout": 3, "MemorySize": 128, "LastModified": "2026-11-28T17:00:00.000+0000", "CodeSha256": "x",
            "Version": "$LATEST", "TracingConfig": ["Mode": "PassThrough"],
            "RevisionId": .string(made.revision.description), "State": "Active", "LastUpdateStatus": "Successful",
            "PackageType": "Zip", "Architectures": ["x86_64"], "EphemeralStorage": ["Size": 512],
        ]
        #expect(json == expected)
        let full = try catalog.updateConfiguration(
            a,
            [
                "Environment": ["Variables": ["LEVEL": "debug", "AB": ""]], "Timeout": 900, "MemorySize": 10_240,
                "DeadLetterConfig": ["TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"], "Description": nil,
            ], now: now + .seconds(1), using: &random
        ).json(account: "000000000000", region: "us-east-1", qualifier: "prod")
        #expect(full["FunctionArn"]?.text == arn + ":prod")
        #expect(full["Environment"] == ["Variables": ["AB": "", "LEVEL": "debug"]])
        #expect(full["DeadLetterConfig"] == ["TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"])
        #expect(full["LastModified"]?.text == "2026-11-28T17:00:01.000+0000")
    }

    @Test("an update changes what it names, and an empty object removes")
    mutating func updates() throws {
        try create(
            ("Timeout", 30), ("Description", "d"), ("Environment", ["Variables": ["LEVEL": "debug"]]),
            ("DeadLetterConfig", ["TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"]))
        var changed = try catalog.updateConfiguration(a, ["MemorySize": 256], now: now, using: &random)
        #expect(changed.timeout == 30 && changed.memory == 256 && changed.environment == ["LEVEL": "debug"])
        changed = try catalog.updateConfiguration(
            a, ["Environment": [:], "DeadLetterConfig": ["TargetArn": ""], "Description": ""], now: now, using: &random)
        #expect(changed.environment == [:] && changed.deadLetterTarget == nil && changed.description == "")
        #expect(try catalog.configuration(a) == changed)
    }

    @Test("what a function may not be, in Lambda's words")
    mutating func wrongConfigurations() throws {
        for (name, value, text) in [
            (
                "Timeout", 0,
                "Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1"
            ),
            (
                "Timeout", 901,
                "'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"
            ),
            (
                "MemorySize", 127,
                "'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128"
            ),
            ("MemorySize", 10_241, "Member must have value less than or equal to 10240"),
            ("EphemeralStorage", ["Size": 511], "'ephemeralStorage.size'"),
            (
                "Runtime", "nodejs22.x",
                "Value nodejs22.x at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [python3.8 and later, provided, provided.al2, provided.al2023]"
            ),
            ("Runtime", "python3.7", "Value python3.7 at 'runtime'"), ("Runtime", "python3.08", "at 'runtime'"),
            ("Runtime", nil, "Runtime and Handler are mandatory parameters"),
            ("Handler", nil, "Runtime and Handler are mandatory parameters"),
            (
                "Handler", "a b",
                "'handler' failed to satisfy constraint: Member must satisfy regular expression pattern"
            ),
            ("Role", nil, "Value null at 'role' failed to satisfy constraint: Member must not be null"),
            ("Role", "admin", "'role' failed to satisfy constraint: Member must satisfy regular expression pattern"),
            ("Description", .string(String(repeating: "d", count: 257)), "'description'"),
            ("FunctionName", nil, "Value null at 'functionName'"), ("FunctionName", "a b", "at 'functionName'"),
            ("FunctionName", "a:1", "has a qualifier"), ("PackageType", "Image", "PackageType Image is not available"),
            ("Layers", ["x"], "Layers are not available"), ("Architectures", ["sparc"], "'architectures'"),
            ("Architectures", [], "'architectures'"),
            ("Timeout", "3", "STRING_VALUE can not be converted to an Integer"),
            ("Environment", [], "Start of list can not be converted to an Object"),
            ("Environment", ["Variables": ["A1": 5]], "NUMBER_VALUE can not be converted to a String"),
            (
                "Environment", ["Variables": ["1A": "x"]],
                "Map keys must satisfy constraint: [Member must satisfy regular"
            ),
            ("Environment", ["Variables": ["A": "x"]], "[a-zA-Z]([a-zA-Z0-9_])+"),
            (
                "Environment", ["Variables": ["_HANDLER": "x", "AWS_REGION": "x"]],
                "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION, _HANDLER"
            ),
            ("DeadLetterConfig", ["TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead.fifo"], "dead-letter target"),
            ("DeadLetterConfig", ["TargetArn": "dead"], "dead-letter target"),
            ("Publish", "yes", "STRING_VALUE can not be converted to a Boolean"),
        ] as [(String, JSON, String)] {
            let body = request((name, value))
            let code = code()
            let error = refusal { try $0.create(body, code: code, now: now, using: &$1) }
            #expect(error?.message.contains(text) == true, "\(name) \(value): \(error?.message ?? "accepted")")
            #expect(error?.status == 400)
        }
        let error = refusal { try $0.create([], code: .none, now: now, using: &$1) }
        #expect(error?.type == "InvalidRequestContentException")
        for runtime in ["python3.8", "python3.14", "provided", "provided.al2", "provided.al2023"] {
            #expect(LambdaRuntime.exists(runtime), "\(runtime)")
        }
    }

    @Test("environment variables are 4 KB at most, as JSON, and a refusal does not show them", arguments: [0, 1])
    mutating func environmentSize(excess: Int) throws {
        let value = String(repeating: "s", count: 4_096 - #"{"AB":""}"#.utf8.count + excess)
        let body = request(("Environment", ["Variables": ["AB": .string(value)]]))
        let error = refusal { try $0.create(body, code: .none, now: now, using: &$1) }
        #expect((error == nil) == (excess == 0))
        #expect(error?.message.hasSuffix("exceeded the 4KB limit. Measured size: 4097 bytes") ?? true)
        #expect(error?.message.contains("sss") != true)
    }

    // MARK: Functions

    @Test("a function is created once, in this account and region only")
    mutating func creation() throws {
        try create()
        let body = request()
        #expect(
            refusal { try $0.create(body, code: .none, now: now, using: &$1) }
                == .conflict("Function already exist: a"))
        #expect(LambdaError.conflict("").status == 409 && LambdaError.notFound("").status == 404)
        let elsewhere = request(("FunctionName", "arn:aws:lambda:eu-west-1:000000000000:function:b"))
        #expect(
            refusal { try $0.create(elsewhere, code: .none, now: now, using: &$1) }
                == .notFound("Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"))
        let foreign = request(("FunctionName", "123456789012:function:b"))
        #expect(refusal { try $0.create(foreign, code: .none, now: now, using: &$1) }?.status == 403)
        #expect(try create(("FunctionName", .string("\(arn)2"))).name == "a2")
    }

    @Test("what there is not is not found, by its ARN")
    mutating func missing() throws {
        let b = FunctionReference(name: "b")
        let missing = LambdaError.notFound("Function not found: arn:aws:lambda:us-east-1:000000000000:function:b")
        #expect(refusal { catalog, _ in try catalog.configuration(b) } == missing)
        #expect(refusal { catalog, _ in try catalog.delete(b) } == missing)
        #expect(refusal { catalog, _ in try catalog.resolve(b, roll: 0) } == missing)
        #expect(refusal { try $0.updateConfiguration(b, [:], now: now, using: &$1) } == missing)
        #expect(refusal { try $0.updateCode(b, [:], code: .none, now: now, using: &$1) } == missing)
        #expect(refusal { try $0.publish(b, [:], now: now, using: &$1) } == missing)
        try create()
        for qualifier in ["1", "prod"] {
            let reference = FunctionReference(name: "a", qualifier: qualifier)
            let missing = LambdaError.notFound("Function not found: \(arn):\(qualifier)")
            #expect(refusal { catalog, _ in try catalog.configuration(reference) } == missing)
            #expect(refusal { catalog, _ in try catalog.resolve(reference, roll: 0) } == missing)
        }
    }

    @Test("a change that names an old revision is refused")
    mutating func revisions() throws {
        let first = try create()
        let old: JSON = ["RevisionId": .string(first.revision.description)]
        let second = try catalog.updateConfiguration(a, old, now: now, using: &random)
        #expect(second.revision != first.revision)
        let code = code()
        #expect(refusal { try $0.updateConfiguration(a, old, now: now, using: &$1) } == .preconditionFailed)
        #expect(refusal { try $0.updateCode(a, old, code: code, now: now, using: &$1) } == .preconditionFailed)
        #expect(refusal { try $0.publish(a, old, now: now, using: &$1) } == .preconditionFailed)
        #expect(LambdaError.preconditionFailed.status == 412)
        let alias = try catalog.createAlias(a, ["Name": "prod", "FunctionVersion": "$LATEST"], using: &random)
        let body: JSON = ["RevisionId": .string(alias.revision.description), "Description": "d"]
        #expect(try catalog.updateAlias(a, "prod", body, using: &random).description == "d")
        #expect(refusal { try $0.updateAlias(a, "prod", body, using: &$1) } == .preconditionFailed)
    }

    @Test("new code gets a new revision, and a trial changes nothing")
    mutating func newCode() throws {
        let first = try create()
        let before = catalog
        let trial = try catalog.updateCode(a, ["DryRun": true], code: code("y"), now: now, using: &random)
        #expect(trial.code.sha256 == "y" && catalog == before)
        let second = try catalog.updateCode(
            a, ["Architectures": ["arm64"]], code: code("y"), now: now, using: &random)
        #expect(second.code.location == "functions/a/y" && second.revision != first.revision)
        #expect(second.architecture == "arm64" && second.handler == first.handler)
        let published = try catalog.updateCode(a, ["Publish": true], code: code("z"), now: now, using: &random)
        #expect(published.version == "1" && published.code.sha256 == "z")
    }

    // MARK: Versions and aliases

    @Test("a version is published when code or configuration has changed, and its number is not used again")
    mutating func versions() throws {
        #expect(try create(("Publish", true)).version == "1")
        #expect(try publish().version == "1", "nothing has changed")
        _ = try catalog.updateConfiguration(a, ["Timeout": 3], now: now + .seconds(9), using: &random)
        #expect(try publish(["Description": "x"]).version == "1", "the same value is no change")
        _ = try catalog.updateConfiguration(a, ["Timeout": 4], now: now, using: &random)
        let second = try publish(["Description": "second", "CodeSha256": "x"])
        #expect(second.version == "2" && second.timeout == 4 && second.description == "second")
        #expect(try publish().version == "2", "the description of a version is not the function's")
        #expect(try catalog.configuration(a).description == "")
        let first = FunctionReference(name: "a", qualifier: "1")
        #expect(try catalog.configuration(first).timeout == 3, "a version does not change")
        try catalog.delete(FunctionReference(name: "a", qualifier: "2"))
        #expect(try publish().version == "3")
        _ = try catalog.updateConfiguration(a, ["Timeout": 5], now: now, using: &random)
        #expect(try publish().version == "4")
        #expect(
            refusal { try $0.publish(a, ["CodeSha256": "y"], now: now, using: &$1) }
                == .invalid(
                    "CodeSHA256 (y) is different from current CodeSHA256 in $LATEST (x). Please try again with the CodeSHA256 in $LATEST."
                ))
    }

    @Test("a version is deleted by itself unless an alias leads to it, and $LATEST never is")
    mutating func deletion() throws {
        try create()
        try publishNew("1")
        try publishNew("2")
        try publishNew("3")
        _ = try catalog.createAlias(
            a,
            [
                "Name": "prod", "FunctionVersion": "1",
                "RoutingConfig": ["AdditionalVersionWeights": ["2": .number(0.5)]],
            ], using: &random)
        for version in ["1", "2"] {
            let error = refusal { catalog, _ in try catalog.delete(FunctionReference(name: "a", qualifier: version)) }
            #expect(error?.type == "ResourceConflictException" && error?.message.contains("prod") == true)
        }
        for (qualifier, text) in [
            ("$LATEST", "$LATEST version cannot be deleted without deleting the function."),
            ("prod", "Deletion of aliases is not currently supported."), ("9", "Function not found: \(arn):9"),
        ] {
            let reference = FunctionReference(name: "a", qualifier: qualifier)
            #expect(refusal { catalog, _ in try catalog.delete(reference) }?.message == text)
        }
        try catalog.delete(FunctionReference(name: "a", qualifier: "3"))
        try catalog.deleteAlias(a, "prod")
        try catalog.delete(FunctionReference(name: "a", qualifier: "1"))
        #expect(try catalog.listVersions(a).elements.map(\.version) == ["$LATEST", "2"])
        try catalog.delete(a)
        #expect(catalog.functions.isEmpty)
    }

    @Test("an alias leads to a version, and shares its invocations by weight")
    mutating func aliases() throws {
        try create()
        try publishNew("1")
        try publishNew("2")
        let body: JSON = [
            "Name": "prod", "FunctionVersion": "1", "Description": "live",
            "RoutingConfig": ["AdditionalVersionWeights": ["2": .number(0.25)]],
        ]
        let alias = try catalog.createAlias(a, body, using: &random)
        let expected: JSON = [
            "AliasArn": .string("\(arn):prod"), "Name": "prod", "FunctionVersion": "1", "Description": "live",
            "RoutingConfig": ["AdditionalVersionWeights": ["2": .number(0.25)]],
            "RevisionId": .string(alias.revision.description),
        ]
        #expect(alias.json(function: "a", account: "000000000000", region: "us-east-1") == expected)
        let prod = FunctionReference(name: "a", qualifier: "prod")
        for (roll, version) in [(0.0, "2"), (0.249, "2"), (0.25, "1"), (0.999, "1")] {
            let found = try catalog.resolve(prod, roll: roll)
            #expect(found.executedVersion == version && found.configuration.code.sha256 == version, "\(roll)")
        }
        #expect(try catalog.configuration(prod).version == "1", "shown by its first version")
        #expect(try catalog.resolve(a, roll: 0).executedVersion == "$LATEST")
        let changed = try catalog.updateAlias(
            a, "prod", ["FunctionVersion": "2", "RoutingConfig": ["AdditionalVersionWeights": [:]]], using: &random)
        #expect(changed.version == "2" && changed.additional == nil && changed.description == "live")
        #expect(changed.revision != alias.revision)
        #expect(
            refusal { try $0.createAlias(a, body, using: &$1) }
                == .conflict("Alias already exists: \(arn):prod"))
        let missing = LambdaError.notFound("Cannot find alias arn: \(arn):test")
        #expect(refusal { catalog, _ in try catalog.alias(a, "test") } == missing)
        #expect(refusal { try $0.updateAlias(a, "test", [:], using: &$1) } == missing)
        try catalog.deleteAlias(a, "test")
    }

    @Test("what an alias may not be, in Lambda's words")
    mutating func wrongAliases() throws {
        try create()
        try publishNew("1")
        try publishNew("2")
        func body(_ name: JSON, _ version: JSON, _ weights: JSON = [:]) -> JSON {
            ["Name": name, "FunctionVersion": version, "RoutingConfig": ["AdditionalVersionWeights": weights]]
        }
        for (body, text) in [
            (
                body("12", "1"),
                "at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"
            ),
            (body("a.b", "1"), "at 'name'"), (body(nil, "1"), "Value null at 'name'"),
            (body(.string(String(repeating: "x", count: 129)), "1"), "length less than or equal to 128"),
            (body("x", nil), "Value null at 'functionVersion'"), (body("x", "prod"), "at 'functionVersion'"),
            (body("x", "3"), "Function not found: \(arn):3"),
            (body("x", "1", ["3": .number(0.5)]), "Function not found: \(arn):3"),
            (
                body("x", "1", ["2": .number(1.1)]),
                "Value '{2=1.1}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must"
            ),
            (body("x", "1", ["2": .number(-0.1)]), "Map value must satisfy constraint"),
            (body("x", "1", ["$LATEST": .number(0.5)]), "Map keys must satisfy constraint"),
            (body("x", "1", ["2": .number(0.1), "3": .number(0.1)]), "cannot be greater than 1"),
            (body("x", "1", ["1": .number(0.5)]), "Invalid function version 1. Function version 1 is already included"),
            (
                body("x", "$LATEST", ["1": .number(0.5)]),
                "$LATEST is not supported for an alias pointing to more than 1 version"
            ),
            (body("x", "1", ["2": "half"]), "STRING_VALUE can not be converted to a Double"),
        ] {
            let error = refusal { try $0.createAlias(a, body, using: &$1) }
            #expect(error?.message.contains(text) == true, "\(body): \(error?.message ?? "accepted")")
        }
        for weight in [0, 1] as [JSON] {
            _ = try catalog.createAlias(a, body(.string("w\(weight)"), "1", ["2": weight]), using: &random)
        }
    }

    // MARK: Settings

    @Test("reservations leave 100 of 1,000 to the others")
    mutating func concurrency() throws {
        try create()
        try create(("FunctionName", "b"))
        let b = FunctionReference(name: "b")
        #expect(try catalog.concurrency(a) == nil)
        #expect(try catalog.putConcurrency(a, ["ReservedConcurrentExecutions": 800]) == 800)
        let refused = LambdaError.invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100]."
        )
        #expect(
            refusal { catalog, _ in try catalog.putConcurrency(b, ["ReservedConcurrentExecutions": 101]) } == refused)
        #expect(try catalog.putConcurrency(b, ["ReservedConcurrentExecutions": 100]) == 100)
        #expect(try catalog.putConcurrency(a, ["ReservedConcurrentExecutions": 0]) == 0, "its own does not count")
        #expect(catalog.reservedConcurrency == 100)
        for body in [[:], ["ReservedConcurrentExecutions": -1]] as [JSON] {
            #expect(refusal { catalog, _ in try catalog.putConcurrency(a, body) }?.type == "ValidationException")
        }
        let qualified = FunctionReference(name: "a", qualifier: "$LATEST")
        let error = refusal { catalog, _ in try catalog.putConcurrency(qualified, ["ReservedConcurrentExecutions": 1]) }
        #expect(error?.message.hasPrefix("This operation is permitted on Lambda functions only.") == true)
        try catalog.deleteConcurrency(a)
        #expect(try catalog.concurrency(a) == nil)
        let (ledger, record) = (try catalog.record(b), FunctionReference(name: "c"))
        #expect(ledger.reservedConcurrency == 100)
        #expect(refusal { catalog, _ in try catalog.deleteConcurrency(record) }?.status == 404)
    }

    @Test("row 39: 0 to 2 retries, an age of 60 s to 6 h, and destinations that are queues or other functions")
    mutating func eventInvoke() throws {
        try create()
        try create(("FunctionName", "b"))
        try publish()
        let queue = "arn:aws:sqs:us-east-1:000000000000:failed"
        let put = try catalog.putEventInvoke(
            a, ["MaximumRetryAttempts": 1, "DestinationConfig": ["OnFailure": ["Destination": .string(queue)]]],
            now: now)
        let expected: JSON = [
            "LastModified": .number(1_795_885_200), "FunctionArn": .string("\(arn):$LATEST"),
            "MaximumRetryAttempts": 1,
            "DestinationConfig": ["OnSuccess": [:], "OnFailure": ["Destination": .string(queue)]],
        ]
        #expect(put.json(arn: catalog.eventInvokeARN(a)) == expected)
        let updated = try catalog.updateEventInvoke(a, ["MaximumEventAgeInSeconds": 60], now: now)
        #expect(updated.maximumRetries == 1 && updated.maximumAge == 60 && updated.onFailure == queue)
        #expect(try catalog.record(a).asyncPolicy(nil) == AsyncPolicy(maximumRetries: 1, maximumAge: .seconds(60)))
        #expect(try catalog.record(a).asyncPolicy("1") == AsyncPolicy(), "of another qualifier")
        let twice = try catalog.updateEventInvoke(a, ["MaximumRetryAttempts": 2], now: now)
        #expect(twice.maximumRetries == 2 && twice.maximumAge == 60 && twice.onFailure == queue)
        let replaced = try catalog.putEventInvoke(a, ["MaximumRetryAttempts": 0], now: now)
        #expect(replaced.maximumAge == nil && replaced.onFailure == nil, "a put keeps nothing")

        func destination(_ arn: String) -> JSON { ["DestinationConfig": ["OnSuccess": ["Destination": .string(arn)]]] }
        for (body, text) in [
            ([:], "You must specify at least one of error handling or destination setting."),
            (["MaximumRetryAttempts": 3], "'maximumRetryAttempts'"), (["MaximumRetryAttempts": -1], "greater than or"),
            (["MaximumEventAgeInSeconds": 59], "'maximumEventAgeInSeconds'"),
            (["MaximumEventAgeInSeconds": 21_601], "less than or equal to 21600"),
            (destination(arn), "You can't specify the function as a destination for itself."),
            (destination("\(arn)2"), "The destination ARN \(arn)2 is invalid."),
            (destination("arn:aws:sns:us-east-1:000000000000:topic"), "(onSuccess=OnSuccess(destination=arn:aws:sns:"),
            (destination(queue + ".fifo"), "is invalid."), (destination("failed"), "is invalid."),
        ] as [(JSON, String)] {
            let error = refusal { catalog, _ in try catalog.putEventInvoke(a, body, now: now) }
            #expect(error?.message.contains(text) == true, "\(body): \(error?.message ?? "accepted")")
        }
        let toFunction = destination("arn:aws:lambda:us-east-1:000000000000:function:b")
        #expect(try catalog.updateEventInvoke(a, toFunction, now: now).onSuccess?.hasSuffix(":b") == true)

        let version = FunctionReference(name: "a", qualifier: "1")
        let missing = LambdaError.notFound("The function \(arn):1 doesn't have an EventInvokeConfig")
        #expect(refusal { catalog, _ in try catalog.eventInvoke(version) } == missing)
        #expect(refusal { catalog, _ in try catalog.updateEventInvoke(version, [:], now: now) } == missing)
        #expect(refusal { catalog, _ in try catalog.deleteEventInvoke(version) } == missing)
        let nowhere = FunctionReference(name: "a", qualifier: "7")
        #expect(
            refusal { catalog, _ in try catalog.putEventInvoke(nowhere, ["MaximumRetryAttempts": 1], now: now) }
                == .notFound("The function doesn't exist."))
        _ = try catalog.putEventInvoke(version, ["MaximumRetryAttempts": 2], now: now)
        #expect(try catalog.listEventInvoke(a).elements.map(\.qualifier) == ["$LATEST", "1"])
        try catalog.deleteEventInvoke(a)
        #expect(try catalog.listEventInvoke(a).elements.map(\.qualifier) == ["1"])
    }

    // MARK: Lists

    @Test("a list comes in pages, each of which begins after the marker of the one before")
    mutating func lists() throws {
        let names = (1...120).map { "f\($0)" }
        for name in names { try create(("FunctionName", .string(name))) }
        var found: [String] = []
        var marker: String?
        var sizes: [Int] = []
        repeat {
            let page = try catalog.list(marker: marker, maximum: 10_000)
            found += page.elements.map(\.name)
            sizes.append(page.elements.count)
            marker = page.nextMarker
            if sizes.count == 1 { try catalog.delete(FunctionReference(name: page.elements[49].name)) }
        } while marker != nil
        #expect(found == names.sorted() && sizes == [50, 50, 20], "what is deleted meanwhile moves nothing")
        #expect(try catalog.list(maximum: 7).elements.count == 7)
        #expect(try catalog.list(maximum: 119).nextMarker != nil)
        for maximum in [0, 10_001] {
            #expect(refusal { catalog, _ in try catalog.list(maximum: maximum) }?.type == "ValidationException")
        }
        #expect(refusal { catalog, _ in try catalog.list(marker: "x") }?.status == 400)
    }

    @Test("versions are listed by number, aliases by name and of one version")
    mutating func listsOfAFunction() throws {
        try create()
        for number in 1...12 { try publishNew("\(number)") }
        for (name, version) in [("c", "1"), ("a", "2"), ("b", "1")] {
            let body: JSON = ["Name": .string(name), "FunctionVersion": .string(version)]
            _ = try catalog.createAlias(a, body, using: &random)
        }
        let first = try catalog.listVersions(a, maximum: 11)
        #expect(first.elements.map(\.version) == ["$LATEST"] + (1...10).map { "\($0)" })
        #expect(try catalog.listVersions(a, marker: first.nextMarker).elements.map(\.version) == ["11", "12"])
        #expect(try catalog.list(allVersions: true).elements.count == 13)
        #expect(try catalog.list().elements.map(\.version) == ["$LATEST"])
        #expect(try catalog.listAliases(a).elements.map(\.name) == ["a", "b", "c"])
        #expect(try catalog.listAliases(a, version: "1").elements.map(\.name) == ["b", "c"])
    }

    // MARK: The topology, and what is kept

    @Test("a function of the topology is not changed or deleted by the API, and goes with the topology")
    mutating func topology() throws {
        var configuration = FunctionConfiguration(
            name: "a", command: ["python3", "-m", "awslambdaric", "handler.main"], modified: now,
            revision: .v4(using: &random))
        configuration.timeout = 30
        try catalog.define(configuration, reserved: 20)
        #expect(try catalog.concurrency(a) == 20 && catalog.configuration(a).command?.first == "python3")
        for error in [
            refusal({ try $0.updateConfiguration(a, ["Timeout": 5], now: now, using: &$1) }),
            refusal({ try $0.updateCode(a, [:], code: .none, now: now, using: &$1) }),
            refusal({ catalog, _ in try catalog.delete(a) }),
        ] {
            #expect(error?.type == "ResourceConflictException" && error?.status == 409)
            #expect(error?.message.contains("is defined in the topology") == true)
        }
        #expect(try publish().version == "1")
        let revision = try catalog.configuration(a).revision
        var again = configuration
        (again.revision, again.modified) = (.v4(using: &random), now + .seconds(5))
        try catalog.define(again, reserved: nil)
        #expect(try catalog.configuration(a).revision == revision, "nothing has changed")
        #expect(try catalog.concurrency(a) == nil)
        again.timeout = 60
        try catalog.define(again, reserved: nil)
        #expect(try catalog.configuration(a).timeout == 60 && publish().version == "2")
        again.timeout = 901
        let tooSlow = again
        #expect(refusal { catalog, _ in try catalog.define(tooSlow, reserved: nil) }?.status == 400)
        #expect(refusal { catalog, _ in try catalog.define(configuration, reserved: 901) }?.status == 400)

        try create(("FunctionName", "b"))
        catalog.dropManaged(except: ["a", "c"])
        #expect(Set(catalog.functions.keys) == ["a", "b"])
        catalog.dropManaged(except: [])
        #expect(Set(catalog.functions.keys) == ["b"], "what the API created stays")
    }

    @Test("what is kept in a file is read back without a loss")
    mutating func stored() throws {
        try create(
            ("Environment", ["Variables": ["AB": "ä\"\n", "EMPTY": ""]]), ("Tags", ["team": "x"]),
            ("Description", "d"), ("DeadLetterConfig", ["TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"]))
        try publishNew("1")
        try publishNew("2")
        _ = try catalog.createAlias(
            a,
            [
                "Name": "prod", "FunctionVersion": "1",
                "RoutingConfig": ["AdditionalVersionWeights": ["2": .number(0.1)]],
            ],
            using: &random)
        _ = try catalog.createAlias(a, ["Name": "test", "FunctionVersion": "$LATEST"], using: &random)
        _ = try catalog.putConcurrency(a, ["ReservedConcurrentExecutions": 5])
        _ = try catalog.putEventInvoke(a, ["MaximumRetryAttempts": 0], now: now + .microseconds(1))
        var managed = FunctionConfiguration(
            name: "b", command: ["b", "", "c d"], modified: now, revision: .v4(using: &random))
        managed.isFrozenBetweenInvocations = true
        try catalog.define(managed, reserved: nil)
        var read = try #require(FunctionCatalog(stored: JSON(parsing: catalog.stored.description)))
        #expect(read == catalog)
        #expect(try read.publish(a, [:], now: now, using: &random).version == "2", "it knows what was published")
        for broken in [nil, [:], ["account": "1", "region": "x", "functions": [[:]]]] as [JSON] {
            #expect(FunctionCatalog(stored: broken) == nil)
        }
    }
}
