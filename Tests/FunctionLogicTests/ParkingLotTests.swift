import Calls
import Testing

@Suite struct ParkingLotTests {
    private let start = ContinuousClock.now

    @Test func `so many wait and no more, and all leave in the order in which they came`() {
        var parked = ParkingLot<String>(capacity: 2, patience: .milliseconds(200))
        for name in ["a", "b"] {
            #expect(parked.canPark(expecting: .milliseconds(250)))
            parked.park(name, since: start)
        }
        #expect(!parked.canPark(expecting: .milliseconds(250)) && parked.count == 2)
        #expect(parked.takeAll().map(\.call) == ["a", "b"])
        #expect(parked.count == 0 && parked.takeAll().isEmpty && parked.canPark(expecting: .milliseconds(250)))
    }

    @Test func `nobody waits for a place that comes much later, and nobody longer than its patience`() {
        let parked = ParkingLot<String>(capacity: 2, patience: .milliseconds(200))
        #expect(parked.canPark(expecting: .milliseconds(799)) && !parked.canPark(expecting: .milliseconds(800)))
        #expect(!parked.hasWaitedEnough(since: start, at: start + .milliseconds(199)))
        #expect(parked.hasWaitedEnough(since: start, at: start + .milliseconds(200)))
    }

    @Test func `one may wait even where the capacity is none`() {
        #expect(ParkingLot<String>(capacity: 0, patience: .milliseconds(200)).canPark(expecting: .zero))
    }
}
