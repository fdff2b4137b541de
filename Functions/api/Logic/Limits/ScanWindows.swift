import Model

/// The stretches of time in which a long list is read, the latest first: short enough that each is a small statement, longer where there
/// is little, and over after a while: then the answer says where to go on.
struct ScanWindows {
    static let shortest = Duration.seconds(60)
    static let longest = Duration.seconds(86_400)
    /// A statement should take about so long.
    static let aim = Duration.milliseconds(100)
    /// Of all statements of a request.
    static let budget = Duration.seconds(1)

    private var length = Duration.seconds(3_600)
    private var spent = Duration.zero
    /// Before this it goes on.
    private(set) var end: Timestamp
    private let start: Timestamp

    /// From `start` on and before `end`.
    init(from start: Timestamp, before end: Timestamp) {
        self.start = start
        self.end = end
    }

    /// The window to be read now; nil: everything has been read, or the time is used up.
    var window: (from: Timestamp, before: Timestamp)? {
        isDone || spent >= ScanWindows.budget ? nil : (max(start, end - length), end)
    }
    /// Everything has been read.
    var isDone: Bool { end <= start }

    /// The window was read, in so much time.
    mutating func advance(_ time: Duration) {
        end = max(start, end - length)
        spent += time
        if time < ScanWindows.aim / 2 { length = min(ScanWindows.longest, length * 4) }
        if time > ScanWindows.aim * 2 { length = max(ScanWindows.shortest, length / 4) }
    }
}
