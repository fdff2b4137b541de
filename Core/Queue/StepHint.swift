package import Model

/// A hint that an execution has something to do (protocols.md, 16a). Its id is the execution's; it says nothing else.
package enum StepHint {
    /// Of every hint: its version.
    package static let body: [UInt8] = [1]

    /// The message to send.
    package static func message(_ id: ExecutionID, tenant: TenantID, delay: Duration = .zero) -> OutgoingMessage {
        OutgoingMessage(id: MessageID(id), tenant: tenant.description, delay: delay, body: body)
    }
}
