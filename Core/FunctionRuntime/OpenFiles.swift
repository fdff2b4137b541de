private import Glibc
private import Logging

/// How many files and connections the process may have open.
///
/// A process must stay below its limit: libdispatch, on which Swift's tasks run, ends it with an illegal instruction when it
/// cannot open a file of its own in `/proc` (swift-corelibs-libdispatch, `workqueue.c`), and a server that cannot accept a
/// connection spins.
package enum OpenFiles {
    /// What is left for files, the database and Redis, where connections are limited to the rest.
    private static let others = 100

    /// Raises the soft limit to the hard one; where that is refused, the old one stays. A container's soft limit is often 1,024.
    package static func raiseLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// How many connections the process may have, of a number that it would like; at least 1.
    package static func connections(_ wanted: Int) -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wanted }
        return max(1, min(wanted, Int(clamping: limit.rlim_cur) - others))
    }
}

extension FunctionRuntime {
    /// How many calls the process may make at once, of the number that `--concurrency` names; logs if it is less.
    package func concurrency(_ wanted: Int) -> Int {
        let possible = OpenFiles.connections(wanted)
        if possible < wanted {
            logger.warning(
                "--concurrency is \(wanted), but only \(possible) calls are made at once: raise the limit of open files"
            )
        }
        return possible
    }
}
