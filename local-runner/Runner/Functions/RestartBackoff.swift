/// How long to wait before a crashed process is started again: 100 ms, then twice as long each time up to 10 s, and from
/// the beginning once a process has lived for 30 s.
package struct RestartBackoff: Equatable, Sendable {
    package var initial = Duration.milliseconds(100)
    package var cap = Duration.seconds(10)
    /// A life of this length forgives the crashes before it.
    package var healthyLife = Duration.seconds(30)
    private var next: Duration?

    package init() {}

    /// The wait before the next start, given how long the process lived.
    package mutating func delay(afterLife life: Duration) -> Duration {
        let delay = life >= healthyLife ? initial : next ?? initial
        next = min(cap, delay * 2)
        return delay
    }
}
