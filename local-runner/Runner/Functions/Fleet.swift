import Glibc
import Synchronization

/// The living processes of one kind (functions, or servers): started here, noted in pid files, stopped together.
package final class Fleet: Sendable {
    private let spawner: Spawner
    private let pidFiles: PidFiles
    private let living = Mutex(Living())

    private struct Living {
        var children: [pid_t: ChildProcess] = [:]
        /// Those that ended before they were entered.
        var endedEarly: Set<pid_t> = []

        mutating func enter(_ child: ChildProcess) {
            if endedEarly.remove(child.pid) == nil { children[child.pid] = child }
        }

        mutating func leave(_ child: ChildProcess) {
            if children.removeValue(forKey: child.pid) == nil { endedEarly.insert(child.pid) }
        }
    }

    package init(spawner: Spawner, pidFiles: PidFiles) {
        self.spawner = spawner
        self.pidFiles = pidFiles
    }

    package var children: [ChildProcess] {
        living.withLock { Array($0.children.values) }
    }

    /// Starts a process. `output` gets its lines, and nil at their end.
    package func start(
        _ request: SpawnRequest, output: @escaping @Sendable (String?) -> Void
    ) async throws -> ChildProcess {
        let child = try await spawner.start(request, output: output) { child, _ in
            self.pidFiles.remove(child)
            self.living.withLock { $0.leave(child) }
        }
        living.withLock { $0.enter(child) }
        do {
            try pidFiles.add(child, executable: request.executable)
        } catch {
            child.killGroup()
            throw error
        }
        // It may have ended while it was noted.
        if child.exit.value != nil { pidFiles.remove(child) }
        return child
    }

    /// Sends a signal to some of the processes and waits until they have ended, for at most `grace` and only until `hurry`
    /// comes. True where all have ended.
    package func stop(
        _ children: [ChildProcess], signal: Int32, grace: Duration, hurry: OneShot<Void>? = nil
    ) async -> Bool {
        for child in children { child.send(signal) }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for child in children { if await child.exit.wait() == nil { return false } }
                return true
            }
            group.addTask {
                // A cancelled sleep ends with the group.
                try? await Task.sleep(for: grace)
                return false
            }
            if let hurry {
                group.addTask {
                    _ = await hurry.wait()
                    return false
                }
            }
            let isDone = await group.next() ?? false
            group.cancelAll()
            return isDone
        }
    }

    /// Ends whatever still runs, at once.
    package func killAll() async {
        let children = children
        for child in children { child.killGroup() }
        for child in children { _ = await child.exit.wait() }
    }
}
