import LoaderFunction
import Model
import Testing

@Suite struct CatchUpWindowTests {
    private let start = Timestamp("2026-06-01T12:00:00Z")!

    @Test func `a window is a second wide, and doubles while it holds little`() {
        var window = CatchUpWindow()
        let horizon = start + .seconds(7_200)
        #expect(window.end(earliest: start, horizon: horizon) == start + .seconds(1))
        window.held(100, batch: 100)
        #expect(window.end(earliest: start, horizon: horizon) == start + .seconds(1))
        for width in [2, 4, 8] {
            window.held(99, batch: 100)
            #expect(window.end(earliest: start, horizon: horizon) == start + .seconds(width))
        }
    }

    @Test func `a window ends at the horizon, also when nothing is found from the beginning of time on`() {
        var window = CatchUpWindow()
        #expect(window.end(earliest: start, horizon: start + .milliseconds(10)) == start + .milliseconds(10))
        var windows = 0
        while window.end(earliest: .distantPast, horizon: start) != start {
            window.held(0, batch: 100)
            windows += 1
        }
        #expect(windows < 20)
    }
}
