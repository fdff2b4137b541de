private import Glibc

/// A place where tests make the process die or wait, to see that nothing is lost there.
///
/// `HEADGATE_FAILPOINTS=name=kill` ends the process with SIGKILL when it passes that place; unset, passing costs a load.
package struct Failpoint: Sendable {
    private let isArmed: Bool

    private init(_ name: String) {
        isArmed = (FunctionSettings.variable("HEADGATE_FAILPOINTS") ?? "").split(separator: ",").contains {
            $0 == "\(name)=kill"
        }
    }

    package func pass() { if isArmed { raise(SIGKILL) } }

    /// The loader has committed a batch and sent nothing of it.
    package static let afterClaim = Failpoint("loader.after-claim")
    /// The loader has sent a pass and not confirmed it.
    package static let beforeConfirm = Failpoint("loader.before-confirm")
    /// The worker has its answers and has settled nothing.
    package static let beforeSettle = Failpoint("trigger-worker.before-settle")
    /// The historian has committed and acknowledged nothing.
    package static let afterRecord = Failpoint("historian.after-record")
}
