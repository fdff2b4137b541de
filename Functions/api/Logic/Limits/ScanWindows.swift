import Model

/// The ranges of time in which a long list is read, latest first. They are short enough for each to be a small
/// statement, and widen where there is little to read; after a time budget the list ends, and the answer says where to
/// continue.
struct ScanWindows {
    static let shortest = Duration.seconds(60)
    static let longest = Duration.seconds(86_400)
    /// How long a statement should take.
    static let aim = Duration.milliseconds(100)
    /// For all statements of a request.
    static let budget = Duration.seconds(1)

    private var length = Duration.seconds(3_600)
    private var spent = Duration.zero
    /// Everything from here on has been read.
    private(set) var end: Timestamp
    private let start: Timestamp

    /// From `start`, up to and without `end`.
    init(from start: Timestamp, before end: Timestamp) {
        self.start = start
        self.end = end
    }

    /// The range to read now; nil: everything has been read, or the budget is used up.
    var window: (from: Timestamp, before: Timestamp)? {
        isDone || spent >= ScanWindows.budget ? nil : (max(start, end - length), end)
    }
    /// Whether everything has been read.
    var isDone: Bool { end <= start }

    /// Moves on to the next window, given how long reading this one took.
    mutating func advance(readTook time: Duration) {
        end = max(start, end - length)
        spent += time
        if time < ScanWindows.aim / 2 { length = min(ScanWindows.longest, length * 4) }
        if time > ScanWindows.aim * 2 { length = max(ScanWindows.shortest, length / 4) }
    }
}
