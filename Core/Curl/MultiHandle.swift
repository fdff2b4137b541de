internal import CCurl
private import CPlatform
private import Glibc
internal import HTTP
private import Model

/// Owns a curl multi handle, and waits for its sockets and its timer.
///
/// `curl_multi_perform` asks the kernel about every call in progress, each time. Here libcurl says which sockets it
/// waits for and when it wants to be called, and only ready sockets are worked on: a call that waits for a slow target
/// costs nothing until the answer comes (decision 0017). Everything but `wakeUp` is for the engine's thread.
@safe final class MultiHandle: @unchecked Sendable {
    /// What libcurl waits for on a socket, and whether it is armed in epoll, which reports it once per arming
    /// (`EPOLLONESHOT`).
    private struct Watch {
        var wanted: UInt32 = 0
        var isArmed = false
    }

    // Safe to share: other threads only call `wakeUp`, which writes to an eventfd that never changes; all that changes
    // belongs to the engine's thread, and nobody else is left at deinit.
    let pointer: UnsafeMutableRawPointer
    /// The connections libcurl has open; the last ones are closed at deinit.
    let connections = ConnectionTable()
    private let pollSet: Int32
    private let waker: Int32
    /// Indexed by socket descriptor.
    private var watches: [Watch] = []
    /// When libcurl wants to be called without an event.
    private var timer: ContinuousClock.Instant?
    private var events = [headgate_poll_event](repeating: headgate_poll_event(), count: 256)
    private var lastEvents = 0
    private var lastSweep = ContinuousClock.now
    /// libcurl 7.88 tries a host's next address only while it processes the call, and sets no timer for that, so every
    /// call is processed this often (decision 0017).
    private static let sweepInterval = Duration.milliseconds(500)

    init() {
        guard let handle = unsafe curl_multi_init() else { preconditionFailure("out of memory") }
        unsafe pointer = handle
        pollSet = epoll_create1(Int32(EPOLL_CLOEXEC))
        waker = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard pollSet >= 0, waker >= 0, headgate_poll_set(pollSet, waker, EPOLLIN.rawValue) == 0 else {
            preconditionFailure("epoll could not be set up: error \(errno)")
        }
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe headgate_curl_multi_set_socket(handle, socketChanged, context)
        unsafe headgate_curl_multi_set_timer(handle, timerChanged, context)
    }

    deinit {
        // No callbacks while the handle is cleaned up.
        unsafe headgate_curl_multi_set_socket(pointer, nil, nil)
        unsafe headgate_curl_multi_set_timer(pointer, nil, nil)
        unsafe curl_multi_cleanup(pointer)
        close(pollSet)
        close(waker)
    }

    /// Ends the present wait, or the next one.
    func wakeUp() {
        var one: UInt64 = 1
        // A write that would overflow fails; the eventfd is readable already then.
        _ = unsafe write(waker, &one, 8)
    }

    /// Waits for sockets, the timer or a wake-up, and lets libcurl work on what is ready.
    ///
    /// With many calls in progress and few answers per round it first waits 2 ms for more, so that one round serves
    /// several answers.
    ///
    /// - Parameter calls: how many are in progress.
    func work(calls: Int) {
        if calls >= 64, (2..<64).contains(lastEvents) { usleep(2_000) }
        var left = timer.map { max(.zero, $0 - .now) }
        if calls > 0 { left = min(left ?? MultiHandle.sweepInterval, MultiHandle.sweepInterval) }
        // Rounded up: waking too early would only mean waiting again.
        let milliseconds = left.map { Int32(clamping: ($0 + .microseconds(999)).milliseconds) } ?? -1
        lastEvents = unsafe events.withUnsafeMutableBufferPointer { buffer in
            unsafe Int(headgate_poll_wait(pollSet, buffer.baseAddress, Int32(buffer.count), milliseconds))
        }
        for index in 0..<lastEvents { handle(events[index]) }
        runTimer()
        if calls > 0, .now - lastSweep >= MultiHandle.sweepInterval {
            lastSweep = .now
            var running: Int32 = 0
            unsafe headgate_curl_multi_run_all(pointer, &running)
        }
    }

    /// Runs libcurl's timer if it is due: starts added calls, and ends those that timed out.
    func runTimer() {
        guard let due = timer, due <= .now else { return }
        timer = nil
        var running: Int32 = 0
        unsafe curl_multi_socket_action(pointer, CURL_SOCKET_TIMEOUT, 0, &running)
    }

    private func handle(_ event: headgate_poll_event) {
        let socket = event.socket
        if socket == waker {
            var count: UInt64 = 0
            _ = unsafe read(waker, &count, 8)
            return
        }
        watches[Int(socket)].isArmed = false
        // An event that libcurl no longer waits for, of a cancelled call for example.
        guard watches[Int(socket)].wanted != 0 else { return }
        // A broken connection counts as readable and writable: libcurl finds the error when it reads or writes.
        let isBroken = event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        let isReadable = isBroken || event.events & EPOLLIN.rawValue != 0
        let isWritable = isBroken || event.events & EPOLLOUT.rawValue != 0
        var running: Int32 = 0
        unsafe curl_multi_socket_action(
            pointer, socket, (isReadable ? CURL_CSELECT_IN : 0) | (isWritable ? CURL_CSELECT_OUT : 0), &running)
        arm(socket)
    }

    fileprivate func watch(_ socket: curl_socket_t, _ what: Int32) {
        if socket >= watches.count { watches += repeatElement(Watch(), count: Int(socket) + 64 - watches.count) }
        let wanted: UInt32 =
            switch what {
            case CURL_POLL_IN: EPOLLIN.rawValue
            case CURL_POLL_OUT: EPOLLOUT.rawValue
            case CURL_POLL_INOUT: EPOLLIN.rawValue | EPOLLOUT.rawValue
            default: 0
            }
        // The descriptor may have been reused for another connection, so it must be armed again.
        watches[Int(socket)] = Watch(wanted: wanted, isArmed: false)
        arm(socket)
    }

    private func arm(_ socket: curl_socket_t) {
        let watch = watches[Int(socket)]
        guard watch.wanted != 0, !watch.isArmed else { return }
        guard headgate_poll_set(pollSet, socket, watch.wanted | EPOLLONESHOT.rawValue) == 0 else {
            preconditionFailure("socket \(socket) cannot be added to epoll: error \(errno)")
        }
        watches[Int(socket)].isArmed = true
    }

    fileprivate func setTimer(_ milliseconds: Int) {
        timer = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
    }
}

private func socketChanged(
    _ handle: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ what: Int32, _ context: UnsafeMutableRawPointer?,
    _ own: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context = unsafe context else { return 0 }
    unsafe Unmanaged<MultiHandle>.fromOpaque(context).takeUnretainedValue().watch(socket, what)
    return 0
}

private func timerChanged(
    _ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context = unsafe context else { return 0 }
    unsafe Unmanaged<MultiHandle>.fromOpaque(context).takeUnretainedValue().setTimer(milliseconds)
    return 0
}
