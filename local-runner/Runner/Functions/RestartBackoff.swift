/// How long to wait before a crashed process is restarted: 100 ms, then twice as long each time, up to 10 s; from 100
/// ms again once a process has lived for 30 s.
package struct RestartBackoff: Equatable, Sendable {
    /// The first wait.
    package var initial = Duration.milliseconds(100)
    /// The longest wait.
    package var cap = Duration.seconds(10)
    /// A process that lived this long resets the wait.
    package var healthyLife = Duration.seconds(30)
    private var next: Duration?

    /// The defaults given at each property.
    package init() {}

    /// The wait before the next start, given how long the process lived.
    package mutating func delay(afterLife life: Duration) -> Duration {
        let delay = life >= healthyLife ? initial : next ?? initial
        next = min(cap, delay * 2)
        return delay
    }
}
