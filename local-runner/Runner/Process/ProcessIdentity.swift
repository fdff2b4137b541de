package import Glibc

/// Which process a pid meant: pids are used again, a pid with its start time and boot is not.
package struct ProcessIdentity: Equatable, Sendable {
    package var pid: pid_t
    /// Clock ticks since the boot (`/proc/PID/stat`, field 22).
    package var startTime: UInt64
    /// The kernel's id of the boot.
    package var boot: String
    /// The program's name, its first 15 bytes (`/proc/PID/stat`, field 2).
    package var name: String

    /// The process that has that pid now; nil where there is none, or only a zombie.
    package static func current(_ pid: pid_t) -> ProcessIdentity? {
        guard let text = LocalFile.text("/proc/\(pid)/stat"), let open = text.firstIndex(of: "("),
            let close = text.lastIndex(of: ")"), let boot = LocalFile.text("/proc/sys/kernel/random/boot_id")
        else { return nil }
        // The name may hold spaces and parentheses: the fields count from its last parenthesis.
        let fields = text[close...].dropFirst(2).split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", let startTime = UInt64(fields[19]) else { return nil }
        return ProcessIdentity(
            pid: pid, startTime: startTime, boot: String(boot.prefix { !$0.isNewline }),
            name: String(text[text.index(after: open)..<close]))
    }

    /// One line for a pid file: pid, start time, boot, name.
    package var line: String { "\(pid) \(startTime) \(boot) \(name)" }

    /// Reads `line`.
    package init?(line: String) {
        let parts = line.split(separator: " ", maxSplits: 3)
        guard parts.count == 4, let pid = pid_t(parts[0]), let startTime = UInt64(parts[1]) else { return nil }
        self.init(
            pid: pid, startTime: startTime, boot: String(parts[2]), name: String(parts[3].prefix { !$0.isNewline }))
    }

    init(pid: pid_t, startTime: UInt64, boot: String, name: String) {
        self.pid = pid
        self.startTime = startTime
        self.boot = boot
        self.name = name
    }

    /// True while that very process runs. Its name may be `setpriv` until the program itself has begun.
    package var isAlive: Bool {
        guard let now = ProcessIdentity.current(pid) else { return false }
        return now.startTime == startTime && now.boot == boot && (now.name == name || now.name == "setpriv")
    }
}
