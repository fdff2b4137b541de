/// Why a store could not do what it was asked; every driver's errors say this much.
package protocol StoreError: Error, CustomStringConvertible {
    /// Whether the same call may succeed when it is repeated: a lost connection, a deadlock, a lock that was not granted in time.
    /// What the call was to write may have been written all the same (protocols.md, 25a).
    var isRetryable: Bool { get }

    /// Whether the call was ended because it took longer than it may.
    var isCancelled: Bool { get }

    /// Whether a text had a character that cannot be stored, such as U+0000.
    var isTextError: Bool { get }
}
