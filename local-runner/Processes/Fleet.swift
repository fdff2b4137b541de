import Glibc
import Synchronization

/// The running processes of one kind (functions or servers): started here, recorded in pid files, stopped together.
package final class Fleet: Sendable {
    private let spawner: Spawner
    private let pidFiles: PidFiles
    private let living = Mutex(Living())

    private struct Living {
        var children: [pid_t: ChildProcess] = [:]
        /// Processes that ended before they were entered.
        var endedEarly: Set<pid_t> = []

        mutating func enter(_ child: ChildProcess) {
            if endedEarly.remove(child.pid) == nil { children[child.pid] = child }
        }

        mutating func leave(_ child: ChildProcess) {
            if children.removeValue(forKey: child.pid) == nil { endedEarly.insert(child.pid) }
        }
    }

    /// A fleet without processes.
    package init(spawner: Spawner, pidFiles: PidFiles) {
        self.spawner = spawner
        self.pidFiles = pidFiles
    }

    /// The running processes, in no order.
    package var children: [ChildProcess] {
        living.withLock { Array($0.children.values) }
    }

    /// Starts a process. `output` gets its lines, then nil at their end.
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
        // It may have ended while its file was being written.
        if child.exit.value != nil { pidFiles.remove(child) }
        return child
    }

    /// Sends a signal to these processes and waits until they have ended, at most for `grace` and only until `hurry`
    /// resolves. Returns whether all have ended.
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
                // Cancelled once the group has its answer.
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

    /// Kills whatever still runs, with its process group, and waits for it.
    package func killAll() async {
        let children = children
        for child in children { child.killGroup() }
        for child in children { _ = await child.exit.wait() }
    }
}
