import Glibc
import Processes

/// The memory of a process and all that descend from it.
enum GroupMemory {
    /// How often running environments are looked at.
    static let period = Duration.milliseconds(100)

    /// Resident bytes, from `/proc` (proc(5): statm, children).
    static func resident(of pid: pid_t) -> Int {
        var sum = 0
        var rest = [pid]
        // A process that starts others without end must not keep this from ending.
        var looked = 0
        while let next = rest.popLast(), looked < 4_096 {
            looked += 1
            let fields = LocalFile.text("/proc/\(next)/statm")?.split(separator: " ")
            sum += (fields.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0) * pageSize
            // Each thread has its own children.
            for thread in LocalFile.names(in: "/proc/\(next)/task") {
                let children = LocalFile.text("/proc/\(next)/task/\(thread)/children") ?? ""
                rest += children.split(separator: " ").compactMap { pid_t($0) }
            }
        }
        return sum
    }

    private static let pageSize = sysconf(Int32(_SC_PAGESIZE))
}
