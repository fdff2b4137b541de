import Foundation
import TestServers

/// A set of clients from PyPI, as `infra/scripts/clients.sh` installs them.
enum ClientSet {
    /// Installs sets, or all; nil: PyPI is out of reach, which has been printed.
    static func install(_ names: String...) async throws -> URL? {
        let environment = ProcessInfo.processInfo.environment
        let run = try await ProgramRun(
            Cluster.sources.appending(path: "infra/scripts/clients.sh"), names,
            environment: ["PATH": environment["PATH"] ?? "", "HOME": environment["HOME"] ?? "/tmp"],
            within: .seconds(300))
        if run.status == 75 {
            print(run.output)
            return nil
        }
        guard run.status == 0 else { throw TestServerError(description: "\(run.output)\n\(run.errors)") }
        return Cluster.sources.appending(path: ".build/clients")
    }
}
