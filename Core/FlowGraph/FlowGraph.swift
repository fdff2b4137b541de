package import Flows

/// A flow to be drawn, with or without the states of an execution's steps.
package struct FlowGraph: Sendable {
    /// One step.
    package struct Step: Hashable, Sendable {
        package var name: String
        package var type: String
        /// Its condition; nil: none.
        package var when: String?
        /// The places of the steps that it waits for, ascending.
        package var dependencies: [Int]
        /// Nil: it is not of an execution.
        package var status: Status?
    }

    /// Where a step of an execution stands.
    package struct Status: Hashable, Sendable {
        /// As the API names it.
        package var state: String
        /// The number of the latest attempt; 0: none.
        package var attempt: Int

        /// A step's state with its latest attempt.
        package init(state: String, attempt: Int) {
            self.state = state
            self.attempt = attempt
        }
    }

    /// Stands above the drawing.
    package var title: String
    /// In the order of the definition.
    package let steps: [Step]

    /// The graph of a definition.
    ///
    /// - Parameters:
    ///   - title: such as `churn@3`.
    ///   - statuses: by the names of steps; empty: it is no execution.
    package init(_ definition: FlowDefinition, title: String, statuses: [String: Status] = [:]) {
        let places = Dictionary(
            definition.steps.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.title = title
        steps = definition.steps.map { step in
            Step(
                name: step.name, type: step.type, when: step.when?.description,
                dependencies: step.dependencies.compactMap { places[$0] }.sorted(), status: statuses[step.name])
        }
    }

    /// The drawing as an SVG 1.1 document: valid XML without references to anything outside.
    package var svg: String { GraphDrawing(self).document }
}
