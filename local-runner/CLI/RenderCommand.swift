import ArgumentParser
import Glibc

/// Hands over to `headgate-render`, the program beside this one: what reads a topology is 44 MB that nobody else here needs.
struct RenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render", abstract: "Make what is deployed from a topology: manifests for Kubernetes.")

    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

    func run() throws {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = unsafe readlink("/proc/self/exe", &path, Int(PATH_MAX))
        let own = String(decoding: path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let program = "\(own[..<(own.lastIndex(of: "/") ?? own.startIndex)])/headgate-render"
        var words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        _ = unsafe execv(program, &words)
        APIClient.say("headgate render: \(program) cannot be run: install it beside headgate, or run `make build`")
        throw ExitCode(69)
    }
}
