/// Why a store could not do what it was asked; the errors of every driver say at least this.
package protocol StoreError: Error, CustomStringConvertible {
    /// Whether the same call may succeed when repeated: a lost connection, a deadlock, a lock that was not granted in
    /// time. What it was to write may have been written all the same (protocols.md, 25a).
    var isRetryable: Bool { get }

    /// Whether the call was ended because it took too long.
    var isCancelled: Bool { get }

    /// Whether a text had a character that cannot be stored, such as U+0000.
    var isTextError: Bool { get }
}
