import Flows
import Model

/// Something that is going to happen from outside at a certain instant.
struct CaseAgendaItem: Comparable {
    enum Content {
        case event(CaseEvent)
        case report(StepCall, StepReport)
        case answer(StepCall, StepAnswer)
        case cancelAnswer(StepCall)
    }

    var time: Timestamp
    /// Unique: items of the same instant and kind happen in the order in which they were made.
    var number: Int
    var content: Content

    /// As a step-worker applies what it finds: first what users ask for and callbacks, then answers.
    private var rank: Int {
        switch content {
        case .event, .report: 0
        case .answer: 1
        case .cancelAnswer: 2
        }
    }

    static func < (left: CaseAgendaItem, right: CaseAgendaItem) -> Bool {
        (left.time, left.rank, left.number) < (right.time, right.rank, right.number)
    }
    static func == (left: CaseAgendaItem, right: CaseAgendaItem) -> Bool { left.number == right.number }
}
