import Lambda
import Testing

@Suite struct FunctionReferenceTests {
    @Test("a function is named by name, by account and name, or by ARN, each with or without a qualifier")
    func forms() throws {
        let account = "123456789012"
        let region = "eu-central-1"
        for (text, name, qualifier, foundAccount, foundRegion) in [
            ("hello", "hello", nil, nil, nil), ("hello:prod", "hello", "prod", nil, nil),
            ("hello:$LATEST", "hello", "$LATEST", nil, nil), ("hello:12", "hello", "12", nil, nil),
            ("function:hello", "hello", nil, nil, nil), ("function", "function", nil, nil, nil),
            ("123456789012:function:hello", "hello", nil, account, nil),
            ("123456789012:function:hello:prod", "hello", "prod", account, nil),
            ("123456789012", "123456789012", nil, nil, nil),
            ("arn:aws:lambda:eu-central-1:123456789012:function:hello", "hello", nil, account, region),
            ("arn:aws-cn:lambda:eu-central-1:123456789012:function:hello:7", "hello", "7", account, region),
            (String(repeating: "a", count: 64), String(repeating: "a", count: 64), nil, nil, nil),
        ] as [(String, String, String?, String?, String?)] {
            let found = try FunctionReference(text)
            #expect(found.name == name && found.qualifier == qualifier, "\(text)")
            #expect(found.account == foundAccount && found.region == foundRegion, "\(text)")
        }
    }

    @Test(
        "what names no function is refused in AWS's words",
        arguments: [
            "", ":", "a:", ":a", "a b", "a:b:c", "a.b", "a:$latest", "hellö", "123456789012:function:",
            "12345:function:a", "arn:aws:lambda:eu-central-1:123456789012:function",
            "arn:aws:sqs:eu-central-1:123456789012:function:a", "arn:aws:lambda:eu-central-1:1234:function:a",
            "arn:aws:lambda::123456789012:function:a", "arn:aws:lambda:eu-central-1:123456789012:layer:a",
            "arn:aws:lambda:eu-central-1:123456789012:function:a:b:c",
        ])
    func wrongNames(text: String) {
        let error = #expect(throws: LambdaError.self) { try FunctionReference(text) }
        #expect(error?.type == "ValidationException" && error?.status == 400)
        let start =
            "1 validation error detected: Value '\(text)' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?"
        #expect(error?.message.hasPrefix(start) == true, "\(error?.message ?? "")")
    }

    @Test("a name has at most 64 characters, a qualifier 128, and all mistakes are answered at once")
    func lengths() throws {
        let error = #expect(throws: LambdaError.self) {
            try FunctionReference(String(repeating: "a", count: 65), qualifier: String(repeating: "b", count: 129))
        }
        #expect(error?.message.hasPrefix("2 validation errors detected: Value 'aaa") == true)
        #expect(error?.message.contains("'functionName' failed to satisfy constraint: Member must have length") == true)
        #expect(error?.message.contains("'qualifier' failed to satisfy constraint: Member must have length") == true)
        #expect(try FunctionReference("a", qualifier: String(repeating: "b", count: 128)).qualifier?.count == 128)
    }

    @Test("a qualifier may be given apart, but not another one")
    func qualifiers() throws {
        #expect(try FunctionReference("a", qualifier: "prod").qualifier == "prod")
        #expect(try FunctionReference("a", qualifier: "").qualifier == nil)
        #expect(try FunctionReference("a:prod", qualifier: "").qualifier == "prod")
        #expect(try FunctionReference("a:prod", qualifier: "prod").qualifier == "prod")
        #expect(
            throws: LambdaError.invalid(
                "The derived qualifier from the function name does not match the specified qualifier.")
        ) { try FunctionReference("a:prod", qualifier: "test") }
        for wrong in ["a b", "a.b", "$NEWEST", "ü"] {
            let error = #expect(throws: LambdaError.self) { try FunctionReference("a", qualifier: wrong) }
            #expect(error?.type == "ValidationException" && error?.message.contains("'qualifier'") == true, "\(wrong)")
        }
    }

    @Test("an ARN has the caller's account and region, unless the reference says so itself")
    func arns() throws {
        let (account, region) = ("000000000000", "us-east-1")
        for (text, arn) in [
            ("a", "arn:aws:lambda:us-east-1:000000000000:function:a"),
            ("a:prod", "arn:aws:lambda:us-east-1:000000000000:function:a:prod"),
            ("123456789012:function:a", "arn:aws:lambda:us-east-1:123456789012:function:a"),
            (
                "arn:aws:lambda:eu-west-1:123456789012:function:a:3",
                "arn:aws:lambda:eu-west-1:123456789012:function:a:3"
            ),
        ] {
            #expect(try FunctionReference(text).arn(account: account, region: region) == arn)
        }
    }

    @Test("versions are digits, and aliases are not")
    func kinds() {
        for text in ["1", "007", "123"] {
            #expect(FunctionReference.isVersion(text) && !FunctionReference.isAlias(text), "\(text)")
        }
        for text in ["a", "1a", "-1", "prod_2", String(repeating: "x", count: 128)] {
            #expect(!FunctionReference.isVersion(text) && FunctionReference.isAlias(text), "\(text)")
        }
        for text in ["", "$LATEST", "a.b", String(repeating: "x", count: 129)] {
            #expect(!FunctionReference.isVersion(text) && !FunctionReference.isAlias(text), "\(text)")
        }
    }
}
