import Foundation
import Model
import Postgres
import TestServers
import Testing

/// A loader that is behind (protocols.md, 12b).
@Suite(.serialized) struct CatchUpTests {
    /// Each transaction that plans takes three seconds: all shards together take longer than a loader looks ahead.
    @Test func `what is late is sent at once, and the oldest of all shards first`() async throws {
        try await Cluster.with { it in
            try await it.execute(
                """
                create table public.planned (number bigserial, occurrence timestamptz, state smallint);
                create function public.slowly() returns trigger language plpgsql as
                    $$ begin perform pg_sleep(3); return null; end $$;
                create function public.remember() returns trigger language plpgsql security definer as
                    $$ begin
                        insert into public.planned (occurrence, state) values (new.occurrence, new.state);
                        return null;
                    end $$;
                create trigger slowly before insert on headgate.trigger for each statement execute function public.slowly();
                create trigger remember after insert on headgate.trigger for each row execute function public.remember()
                """)
            let now = try await it.registry.now()
            let times: [Duration] = [.seconds(1), .seconds(4)]
            for (index, time) in times.enumerated() {
                try await it.register((0..<40).map { ("s\(index)-\($0)", it.once("/ok", after: time, at: now)) })
            }
            try await Task.sleep(for: .seconds(9))
            for function in ["loader", "trigger-worker", "historian"] { try it.start(function) }
            try await it.settled(80)
            #expect(try await it.number("select count(*) from public.planned where state = ${state.queued}") == 80)
            let overtaken = try await it.number(
                """
                select count(*) from public.planned late join public.planned early
                on late.occurrence > early.occurrence and late.number < early.number
                """)
            #expect(overtaken == 0)
        }
    }
}
