import Dispatch
import Glibc

/// The wish to stop: once for a clean stop, a second time to make it quick.
package final class StopRequests: Sendable {
    package let first = OneShot<Void>()
    package let second = OneShot<Void>()

    package init() {}

    package func request() {
        if first.value == nil { first.resolve(()) } else { second.resolve(()) }
    }

    /// Makes SIGINT and SIGTERM such wishes, for the rest of the process's life.
    package func takeSignals() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { self.request() }
            source.resume()
            // Never released: a source without an owner is cancelled.
            _ = unsafe Unmanaged.passRetained(source as AnyObject)
        }
        // A closed terminal must not end the runner without its functions.
        signal(SIGPIPE, SIG_IGN)
    }
}
