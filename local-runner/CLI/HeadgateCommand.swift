import ArgumentParser

@main struct HeadgateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "headgate", abstract: "Schedules, flows, triggers and queues of a Headgate.",
        discussion: """
            The API and the key come from --api and --key, or HEADGATE_API and HEADGATE_KEY, or from .headgate/ready.json.
            Exit codes: 0 done; 1 the API refused or failed; 2 there is no such thing; 64 the command line or a file needs \
            mending; 69 the API cannot be reached; 77 the key is missing or may not.
            """,
        subcommands: [
            ScheduleCommand.self, TriggerCommand.self, QueueCommand.self, KeyCommand.self, TopCommand.self,
            TenantCommand.self, SecretCommand.self, MigrateCommand.self, RenderCommand.self,
            ReshardCommand.self, FlowCommand.self, ExecutionCommand.self, BindingCommand.self, StepTypeCommand.self,
        ])
}

/// The options that every command has.
struct Connection: ParsableArguments {
    @Option(help: "The API's URL.") var api: String?
    @Option(help: "The key: hg_…") var key: String?
    @Option(help: "The tenant to act for; platform admins only.") var tenant: String?
    @Flag(help: "Print what the API answered.") var json = false
}
