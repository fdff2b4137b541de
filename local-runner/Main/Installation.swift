import LocalRunner
import Processes

/// Where this program is, and what surrounds it.
struct Installation {
    /// The directory of this program, where the functions' programs are too.
    let programs: String
    let environment: [String: String]

    static let current = Installation()

    private init() {
        let program = LocalFile.link("/proc/self/exe") ?? "."
        programs = program.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
        environment = (LocalFile.text("/proc/self/environ") ?? "").split(separator: "\0").reduce(into: [:]) {
            all, entry in
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { all[String(parts[0])] = String(parts[1]) }
        }
    }

    /// The absolute path of the directory of a file of the project.
    func directory(_ path: String) -> String {
        let whole = LocalFile.absolute(file(path)) ?? file(path)
        return whole.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
    }

    /// A file of the project: in the working directory, otherwise in the nearest directory above the program that has
    /// it.
    func file(_ path: String) -> String {
        if LocalFile.text(path) != nil { return path }
        var directory = programs[...]
        while let slash = directory.lastIndex(of: "/") {
            directory = directory[..<slash]
            if LocalFile.text("\(directory)/\(path)") != nil { return "\(directory)/\(path)" }
        }
        return path
    }
}
