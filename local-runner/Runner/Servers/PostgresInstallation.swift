import Processes

/// A Postgres server installed by Debian's packages.
struct PostgresInstallation: Equatable, Sendable {
    /// The major version, such as 15.
    let version: Int
    /// Such as `/usr/lib/postgresql/15/bin`.
    let binaries: String

    private static let root = "/usr/lib/postgresql"

    /// The newest installation, or for an existing cluster the one whose version created it. Throws if there is none.
    static func find(cluster: String) throws -> PostgresInstallation {
        let all = LocalFile.names(in: root).compactMap(Int.init).sorted()
            .map { PostgresInstallation(version: $0, binaries: "\(root)/\($0)/bin") }
            .filter {
                LocalFile.isExecutable("\($0.binaries)/postgres") && LocalFile.isExecutable("\($0.binaries)/initdb")
            }
        guard let newest = all.last else {
            throw RunnerError(
                .setup, "no Postgres server in \(root): run infra/scripts/setup.sh, or name a server with --postgres")
        }
        guard let made = LocalFile.text("\(cluster)/PG_VERSION")?.split(separator: "\n").first.flatMap({ Int($0) })
        else {
            return newest
        }
        guard let same = all.first(where: { $0.version == made }) else {
            throw RunnerError(
                .setup,
                "\(cluster) was made by Postgres \(made), which is not installed (found: "
                    + "\(all.map { String($0.version) }.joined(separator: ", "))): install postgresql-\(made), "
                    + "or choose another directory with --data")
        }
        return same
    }
}
