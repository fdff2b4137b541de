import Model

/// Does the steps: reads files, computes, writes files.
///
/// Files are read and rows are learnt from on Swift's own threads, with a pause for others after each epoch: the gateway
/// is for examples, whose files are small.
struct Computation: Sendable {
    let files: PermittedFiles
    let artifacts: ArtifactStore
    let registry: ModelRegistry

    /// - Parameters:
    ///   - directory: where files are written; absolute, without links.
    ///   - data: further directories from which files may be read.
    init(directory: String, data: [String]) throws(GatewayError) {
        files = try PermittedFiles([directory] + data)
        artifacts = ArtifactStore(directory: directory)
        registry = ModelRegistry(directory: directory)
    }

    /// The outputs of a step. Throws `GatewayError`, and `CancellationError` if the task is cancelled.
    ///
    /// - Parameters:
    ///   - key: the work's idempotency key.
    ///   - progress: is called with metrics now and then; they are made only if they are reported.
    func outputs(
        of step: ComputeStep, _ inputs: StepInputs, key: String, progress: (() -> JSON) -> Void
    ) async throws -> JSON {
        switch step {
        case .transform: try transform(inputs, progress)
        case .train: try await train(inputs, progress)
        case .evaluate: try evaluate(inputs)
        case .register: try register(inputs, key: key)
        }
    }

    func rows(_ file: InputFile) throws(GatewayError) -> (rows: LabelledRows, path: String) {
        let content = try files.read(file, limit: PermittedFiles.largestTable)
        return (try LabelledRows(csv: content.bytes, place: "\(file.name): \(content.path)"), content.path)
    }

    func model(_ file: InputFile) throws(GatewayError) -> (model: LogisticModel, content: PermittedFiles.Content) {
        let content = try files.read(file, limit: PermittedFiles.largestDocument)
        return (try LogisticModel(json: content.bytes, place: "\(file.name): \(content.path)"), content)
    }
}
