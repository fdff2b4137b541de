import Foundation
import Model
import Postgres

/// S2: many triggers due in the same second, without a margin.
struct Burst {
    let count: Int

    func run(_ stand: BenchCluster) async throws -> [ResultRow] {
        let due = try await stand.importAhead("S2", count: count, seconds: 25) { index, due in
            #"{"tenant":"t\#(index % 1_000)","name":"S2-\#(index)","action":{"http":{"url":"\#(stand.target)/ok/\#(index)","body":{"i":\#(index)}}},"when":[{"at":"\#(due)"}],"margin":"0s"}"#
        }
        try await stand.sleep(until: due)
        for _ in 0..<600 {
            let open = try await stand.numbers(
                "select (count(*) filter (where state >= ${state.final}))::float8 from headgate.trigger where name like 'S2-%'"
            )
            if Int(open[0] ?? 0) >= count { break }
            try await Task.sleep(for: .milliseconds(250))
        }
        let figures = try await stand.numbers(
            """
            select count(*)::float8, (count(*) filter (where state = ${state.delivered}))::float8, max(lateness_ms)::float8,
                percentile_disc(0.5) within group (order by lateness_ms)::float8
            from headgate.trigger where name like 'S2-%'
            """)
        let size = try await stand.numbers(
            """
            select sum(pg_total_relation_size(c.oid))::float8 / (select count(*) from headgate.trigger)
            from pg_class c where c.relnamespace = 'headgate'::regnamespace and c.relname ~ '^trigger_[0-9]+$'
            """)
        let everything = try await stand.settled("S2", name: "S2", due: count)
        return [
            ResultRow(
                scenario: "S2", what: "\(count) due in one second: the last call begins after",
                value: String(
                    format: "%.1f s (half of them after %.1f s)", (figures[2] ?? -1) / 1_000, (figures[3] ?? -1) / 1_000
                ), perSecond: figures[2].map { (figures[1] ?? 0) / ($0 / 1_000) }),
            everything,
            ResultRow(
                scenario: "S2", what: "bytes of Postgres per trigger, with its record and indexes",
                value: "\(Int(size[0] ?? -1))"),
        ]
    }
}

/// S5: 50 quiet tenants, one trigger a second each, alone and beside a tenant with many queued at once.
struct NoisyNeighbour {
    let count: Int

    func run(_ stand: BenchCluster) async throws -> [ResultRow] {
        let quiet = (0..<50).map { index in
            #"{"tenant":"quiet\#(index)","name":"S5-quiet-\#(index)","action":{"http":{"url":"\#(stand.target)/ok/quiet"}},"when":[{"every":"1s"}]}"#
        }
        _ = try await stand.importLines(quiet)
        try await Task.sleep(for: .seconds(3))
        let alone = try await stand.lateness(of: "S5-quiet-%", during: .seconds(20))
        let due = try await stand.importAhead("S5", count: count, seconds: 25) { index, due in
            #"{"tenant":"noisy","name":"S5-noisy-\#(index)","action":{"http":{"url":"\#(stand.target)/ok/noisy"}},"when":[{"at":"\#(due)"}],"margin":"0s"}"#
        }
        try await stand.sleep(until: due)
        let beside = try await stand.lateness(of: "S5-quiet-%", during: .seconds(10))
        let left = try await stand.numbers(
            "select count(*)::float8, (count(*) filter (where state >= ${state.final}))::float8, max(lateness_ms)::float8 from headgate.trigger where name like 'S5-noisy-%'"
        )
        return [
            ResultRow(
                scenario: "S5", what: "50 quiet tenants alone: lateness p50 / p99 / max", value: alone.text),
            ResultRow(
                scenario: "S5", what: "beside \(count) triggers of one tenant: lateness p50 / p99 / max",
                value: beside.text),
            ResultRow(
                scenario: "S5", what: "of the noisy tenant delivered in those 10 s, the latest by",
                value: "\(Int(left[1] ?? -1)), \(Int(left[2] ?? -1)) ms"),
            try await stand.settled("S5", name: "S5", due: count + 50 * 30),
        ]
    }
}

/// S12: nine of ten calls take 5 s, one answers at once.
struct SlowTargets {
    let rate: Int

    func run(_ stand: BenchCluster) async throws -> [ResultRow] {
        func lines(_ kind: String, _ path: String, _ count: Int, host: String) -> [String] {
            (0..<count).map { index in
                #"{"tenant":"\#(kind)\#(index % 20)","name":"S12-\#(kind)-\#(index)","action":{"http":{"url":"\#(host)\#(path)"}},"when":[{"every":"10s"}]}"#
            }
        }
        _ = try await stand.importLines(lines("fast", "/ok/f", rate, host: stand.target))
        try await Task.sleep(for: .seconds(12))
        let alone = try await stand.lateness(of: "S12-fast-%", during: .seconds(20))
        // Another name of the same machine: hosts are told apart by their names.
        let slow = stand.target.replacingOccurrences(of: "127.0.0.1", with: "localhost")
        _ = try await stand.importLines(lines("slow", "/slow/5s/s", rate * 9, host: slow))
        try await Task.sleep(for: .seconds(15))
        let beside = try await stand.lateness(of: "S12-fast-%", during: .seconds(20))
        // Their calls take 5 s, and are recorded after that.
        let slowly = try await stand.lateness(of: "S12-slow-%", during: .seconds(20), recordedWithin: .seconds(8))
        // 2,000 calls of one tenant that take 30 s, twice what there are places for, and a tenant with one a second. The slow ones of
        // before go to the same host, and make way.
        try await stand.pauseSchedules(where: "name like 'S12-slow-%'")
        let due = try await stand.importAhead("S12", count: 2_000, seconds: 15) { index, due in
            #"{"tenant":"hog","name":"S12-hog-\#(index)","action":{"http":{"url":"\#(slow)/slow/30s/h","timeout":"60s"}},"when":[{"at":"\#(due)"}]}"#
        }
        _ = try await stand.importLines([
            #"{"tenant":"quiet","name":"S12-quiet","action":{"http":{"url":"\#(stand.target)/ok/q"}},"when":[{"every":"1s"}]}"#
        ])
        try await stand.sleep(until: due)
        let silence = try await stand.longestSilence(of: "S12-quiet", during: .seconds(65))
        return [
            ResultRow(
                scenario: "S12", what: "\(rate / 10)/s fast calls alone: lateness p50 / p99 / max", value: alone.text),
            ResultRow(
                scenario: "S12", what: "beside \(rate * 9 / 10)/s calls that take 5 s: lateness p50 / p99 / max",
                value: beside.text),
            ResultRow(scenario: "S12", what: "the slow ones themselves: lateness p50 / p99 / max", value: slowly.text),
            ResultRow(
                scenario: "S12",
                what: "one call a second of a tenant beside another's 2,000 that take 30 s: longest time between two",
                value: String(format: "%.2f s", silence), isFailure: !(silence < 2)),
            try await stand.settled("S12", name: "S12", due: rate * 7 + rate * 9 * 4),
        ]
    }
}
