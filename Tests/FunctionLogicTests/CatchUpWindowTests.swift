import LoaderFunction
import Model
import Testing

@Suite struct CatchUpWindowTests {
    private let start = Timestamp("2026-06-01T12:00:00Z")!

    @Test func `a window is a second wide, and twice as wide after one that held little`() {
        var window = CatchUpWindow()
        let horizon = start + .seconds(7_200)
        #expect(window.start == nil)
        #expect(window.end(firstDue: start, horizon: horizon) == start + .seconds(1))
        window.advance(to: start + .seconds(1), held: 100, batch: 100)
        #expect(window.start == start + .seconds(1))
        #expect(window.end(firstDue: start + .seconds(60), horizon: horizon) == start + .seconds(61))
        for width in [2, 4, 8] {
            window.advance(to: start, held: 99, batch: 100)
            #expect(window.end(firstDue: start, horizon: horizon) == start + .seconds(width))
        }
    }

    @Test func `a window ends at the horizon, and at once where nothing is due`() {
        var window = CatchUpWindow()
        #expect(window.end(firstDue: start, horizon: start + .milliseconds(10)) == start + .milliseconds(10))
        #expect(window.end(firstDue: nil, horizon: start) == start)
        var windows = 0
        while windows < 20, window.end(firstDue: .distantPast, horizon: start) != start {
            window.advance(to: .distantPast, held: 0, batch: 100)
            windows += 1
        }
        #expect(windows < 20)
    }
}
