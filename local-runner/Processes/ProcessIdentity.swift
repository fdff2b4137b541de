package import Glibc

/// Identifies a process for good: pids are reused, but not together with start time and boot.
package struct ProcessIdentity: Equatable, Sendable {
    package var pid: pid_t
    /// Clock ticks since the boot (`/proc/PID/stat`, field 22).
    package var startTime: UInt64
    /// The kernel's id of the boot.
    package var boot: String
    /// The first 15 bytes of the program's name (`/proc/PID/stat`, field 2).
    package var name: String

    /// The process with this pid now; nil if there is none, or only a zombie.
    package static func current(_ pid: pid_t) -> ProcessIdentity? {
        guard let text = LocalFile.text("/proc/\(pid)/stat"), let open = text.firstIndex(of: "("),
            let close = text.lastIndex(of: ")"), let boot = LocalFile.text("/proc/sys/kernel/random/boot_id")
        else { return nil }
        // The name may contain spaces and parentheses: count the fields from its last parenthesis.
        let fields = text[close...].dropFirst(2).split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", let startTime = UInt64(fields[19]) else { return nil }
        return ProcessIdentity(
            pid: pid, startTime: startTime, boot: String(boot.prefix { !$0.isNewline }),
            name: String(text[text.index(after: open)..<close]))
    }

    /// One line for a pid file: pid, start time, boot, name.
    package var line: String { "\(pid) \(startTime) \(boot) \(name)" }

    /// Reads `line`; nil for anything else.
    package init?(line: String) {
        let parts = line.split(separator: " ", maxSplits: 3)
        guard parts.count == 4, let pid = pid_t(parts[0]), let startTime = UInt64(parts[1]) else { return nil }
        self.init(
            pid: pid, startTime: startTime, boot: String(parts[2]), name: String(parts[3].prefix { !$0.isNewline }))
    }

    /// Kills what this process has started in its group and left behind; returns the names. A group keeps its number while it
    /// has members, and what belongs to it began later and has inherited a runner's environment.
    func endGroup() -> [String] {
        // The number belongs to another process by now.
        if let now = ProcessIdentity.current(pid), now.startTime != startTime || now.boot != boot { return [] }
        return LocalFile.names(in: "/proc").compactMap { pid_t($0) }.filter { $0 != pid }.compactMap { member in
            guard getpgid(member) == pid, let other = ProcessIdentity.current(member), other.boot == boot,
                other.startTime >= startTime,
                LocalFile.text("/proc/\(member)/environ")?.contains("HEADGATE_LIFELINE=") == true
            else { return nil }
            kill(member, SIGKILL)
            return "\(other.name) (\(member))"
        }
    }

    init(pid: pid_t, startTime: UInt64, boot: String, name: String) {
        self.pid = pid
        self.startTime = startTime
        self.boot = boot
        self.name = name
    }

    /// Whether this very process still runs. Its name may be `setpriv` until the program itself has begun.
    package var isAlive: Bool {
        guard let now = ProcessIdentity.current(pid) else { return false }
        return now.startTime == startTime && now.boot == boot && (now.name == name || now.name == "setpriv")
    }
}
