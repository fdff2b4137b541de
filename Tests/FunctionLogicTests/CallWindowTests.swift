import Calls
import Testing

@Suite struct CallWindowTests {
    @Test func `it begins with 256, opens by 32 up to its limit, and closes to no less than it began with`() {
        var window = CallWindow(limit: 1_000)
        #expect(window.size == 256 && !window.isWide)
        window.widen()
        #expect(window.size == 288)
        for _ in 0..<100 { window.widen() }
        #expect(window.size == 1_000 && window.isWide)
        window.narrow(inFlight: 250)
        #expect(window.size == 1_000, "a quarter is used")
        window.narrow(inFlight: 249)
        #expect(window.size == 500)
        for _ in 0..<5 { window.narrow(inFlight: 0) }
        #expect(window.size == 256)
    }

    @Test func `a small one is wide from the start`() {
        var window = CallWindow(limit: 10)
        #expect(window.size == 10 && window.isWide)
        window.narrow(inFlight: 0)
        #expect(window.size == 10)
    }
}
