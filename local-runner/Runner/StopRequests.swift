import Dispatch
import Glibc
package import Processes

/// Requests to stop: the first asks for a clean stop, the second for a quick one.
package final class StopRequests: Sendable {
    /// Resolves at the first request.
    package let first = OneShot<Void>()
    /// Resolves at the second request.
    package let second = OneShot<Void>()

    /// Without requests so far.
    package init() {}

    /// Makes a request.
    package func request() {
        if first.value == nil { first.resolve(()) } else { second.resolve(()) }
    }

    /// Turns SIGINT and SIGTERM into requests, for the rest of the process's life.
    package func takeSignals() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { self.request() }
            source.resume()
            // Never released: a source without an owner would be cancelled.
            _ = unsafe Unmanaged.passRetained(source as AnyObject)
        }
        // A closed terminal must not end the runner without its functions.
        signal(SIGPIPE, SIG_IGN)
    }
}
