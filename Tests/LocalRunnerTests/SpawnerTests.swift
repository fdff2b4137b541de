import Glibc
import LocalRunner
import Processes
import Synchronization
import TestServers
import Testing

@Suite struct SpawnerTests {
    private func lines(
        of program: String, _ arguments: [String], environment: [String: String] = Place.environment
    ) async throws -> (lines: [String], status: ProcessExit?) {
        let tail = LineTail(limit: 1_000)
        let request = SpawnRequest(label: "test", executable: program, arguments: arguments, environment: environment)
        let child = try await Spawner().start(request, output: tail.append)
        let status = await child.exit.wait()
        _ = await tail.ended.wait()
        return (tail.lines, status)
    }

    @Test func `gives both streams line by line, and the exit code`() async throws {
        let result = try await lines(of: "sh", ["-c", "echo one; echo two >&2; printf three; exit 7"])
        #expect(result.lines == ["one", "two", "three"])
        #expect(result.status == .exited(7))
    }

    @Test func `cuts a line that does not end`() async throws {
        let result = try await lines(of: "sh", ["-c", "head -c 70000 /dev/zero | tr '\\0' x"])
        #expect(result.lines.map(\.utf8.count) == [65_536, 70_000 - 65_536])
    }

    @Test func `says how a process was killed`() async throws {
        let request = SpawnRequest(
            label: "sleeper", executable: "sleep", arguments: ["1000"], environment: Place.environment)
        let child = try await Spawner().start(request, output: { _ in })
        child.send(SIGKILL)
        #expect(await child.exit.wait() == .killed(signal: SIGKILL))
        // Its pid may be another's by now.
        child.send(SIGKILL)
    }

    @Test func `a process leads its own group, ignores no signal, and inherits only the lifeline`() async throws {
        signal(SIGPIPE, SIG_IGN)
        let inherited = open("/dev/null", O_RDONLY)
        defer { close(inherited) }
        let result = try await lines(
            of: "sh",
            [
                "-c",
                "cat /proc/$$/stat | cut -d' ' -f1,5; grep SigIgn /proc/$$/status; echo $HEADGATE_LIFELINE; ls /proc/$$/fd",
            ])
        let numbers = result.lines[0].split(separator: " ")
        #expect(numbers.count == 2 && numbers[0] == numbers[1])
        // The two above the standard 31 are the C library's own.
        let ignored = try #require(UInt64(result.lines[1].dropFirst("SigIgn:\t".count), radix: 16))
        #expect(ignored & 0x7FFF_FFFF == 0)
        #expect(result.lines[2] == "3")
        #expect(result.lines[3...] == ["0", "1", "2", "3"])
    }

    @Test func `a process inherits nothing that is opened while it starts`() async throws {
        let isDone = Atomic(false)
        async let opened: Void = onOwnThread {
            while !isDone.load(ordering: .relaxed) {
                let descriptors = (0..<100).map { _ in open("/dev/null", O_RDONLY) }
                descriptors.forEach { close($0) }
            }
        }
        for _ in 0..<50 {
            let result = try await lines(of: "sh", ["-c", "ls /proc/$$/fd"])
            #expect(result.lines == ["0", "1", "2", "3"])
        }
        isDone.store(true, ordering: .relaxed)
        try await opened
    }

    @Test func `a program that does not exist ends with 127 and says so`() async throws {
        let result = try await lines(of: "/nowhere/nothing", [])
        #expect(result.status == .exited(127))
        #expect(result.lines.contains { $0.contains("/nowhere/nothing") })
    }

    @Test func `what a process has started ends with it`() async throws {
        try await Place.temporary { directory in
            let result = try await lines(of: "sh", ["-c", "sleep 1000 >/dev/null 2>&1 & echo $!"])
            let pid = try #require(pid_t(result.lines[0]))
            #expect(await eventually { ProcessIdentity.current(pid) == nil })
        }
    }

    /// A process that reads the lifeline sees its end; one that does not gets the kernel's death signal.
    @Test(arguments: ["exec sleep 1000", "trap '' TERM; cat <&3 >/dev/null; exec sleep 1000"])
    func `kill -9 of the runner ends what it has started`(script: String) async throws {
        let tail = LineTail(limit: 10)
        let first = OneShot<pid_t>()
        let request = SpawnRequest(
            label: "runner", executable: "\(Place.programs)/runner-probe",
            arguments: ["spawn", "sh", "-c", "echo $$; \(script)"], environment: Place.environment)
        let runner = try await Spawner().start(request) { line in
            tail.append(line)
            if let pid = line.flatMap({ pid_t($0) }) { first.resolve(pid) }
        }
        let sleeper = try #require(await first.wait(for: .seconds(30)))
        #expect(ProcessIdentity.current(sleeper) != nil)
        runner.send(SIGKILL)
        #expect(await eventually { ProcessIdentity.current(sleeper) == nil })
    }

    @Test func `the lifeline ends with the runner`() async throws {
        try await Place.temporary { directory in
            // Dies of nothing but the lifeline: the shell between clears the death signal.
            let script =
                "echo $$; setpriv --pdeathsig clear sh -c 'cat <&3 >/dev/null && touch \(directory)/ended' & wait"
            let first = OneShot<Void>()
            let request = SpawnRequest(
                label: "runner", executable: "\(Place.programs)/runner-probe",
                arguments: ["spawn", "sh", "-c", script], environment: Place.environment)
            let runner = try await Spawner().start(request) { if $0 != nil { first.resolve(()) } }
            try #require(await first.wait(for: .seconds(30)) != nil)
            kill(runner.pid, SIGKILL)
            #expect(await eventually { LocalFile.text("\(directory)/ended") != nil })
        }
    }
}

@Suite struct LeftoverTests {
    @Test func `a leftover is ended, a process that took over its pid is not`() async throws {
        try await Place.temporary { directory in
            let pids = PidFiles(directory: directory)
            let spawner = try Spawner()
            let request = SpawnRequest(
                label: "sleeper", executable: "sleep", arguments: ["1000"], environment: Place.environment)
            let left = try await spawner.start(request, output: { _ in })
            try pids.add(left, executable: "sleep")
            let stranger = try await spawner.start(request, output: { _ in })
            #expect(await eventually { ProcessIdentity.current(stranger.pid)?.name == "sleep" })
            var identity = try #require(ProcessIdentity.current(stranger.pid))
            identity.startTime -= 1
            try LocalFile.write(identity.line, to: "\(directory)/stranger")

            let ended = try await pids.endLeftovers()
            #expect(ended == ["sleep (\(left.pid))"])
            #expect(await left.exit.wait() == .killed(signal: SIGKILL))
            #expect(stranger.exit.value == nil)
            #expect(LocalFile.names(in: directory).isEmpty)
            stranger.send(SIGKILL)
            _ = await stranger.exit.wait()
        }
    }

    @Test func `what a process has started is ended with it, also when only that is left`() async throws {
        try await Place.temporary { directory in
            let lines = LineTail(limit: 2)
            let request = SpawnRequest(
                label: "runner", executable: "\(Place.programs)/runner-probe",
                arguments: ["spawn", "sh", "-c", "sleep 1000 & echo $!; echo $$; wait"], environment: Place.environment)
            let runner = try await Spawner().start(request) { lines.append($0) }
            #expect(await eventually { lines.lines.count == 2 })
            let child = try #require(lines.lines.first.flatMap { pid_t($0) })
            let leader = try #require(lines.lines.last.flatMap { pid_t($0) })
            let identity = try #require(ProcessIdentity.current(leader))
            try LocalFile.write(identity.line, to: "\(directory)/leader")
            kill(runner.pid, SIGKILL)
            #expect(await eventually { !identity.isAlive })
            #expect(ProcessIdentity.current(child) != nil, "the kernel ends the leader only")
            #expect(try await PidFiles(directory: directory).endLeftovers() == ["sleep (\(child))"])
            #expect(await eventually { ProcessIdentity.current(child) == nil })
        }
    }

    @Test func `an identity reads back from its line, with a name of spaces and parentheses`() throws {
        var identity = try #require(ProcessIdentity.current(getpid()))
        identity.name = "a) b (c"
        #expect(ProcessIdentity(line: identity.line) == identity)
    }

    @Test func `a second runner is kept out of a data directory, until the first is gone`() async throws {
        try await Place.temporary { directory in
            let lock = try DirectoryLock(directory: directory)
            let error = #expect(throws: RunnerError.self) { try DirectoryLock(directory: directory) }
            #expect(error?.code == .busy)
            #expect(error?.message.contains("pid \(getpid())") == true)
            withExtendedLifetime(lock) {}
        }
    }
}
