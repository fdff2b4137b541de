import Model
import Synchronization

extension Gateway {
    /// Does a work that has a slot: computes while its reports are posted, keeps the result, and posts that.
    func perform(_ work: Work) async {
        count(work.step, \.begun)
        let box = ReportBox()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.postEarly(box, of: work) }
            let report = await self.reportUnlessStopped(work, box)
            let (isCancelled, next) = self.state.withLock { $0.works.ended(work.key) }
            if let next { self.begin { await self.perform(next) } }
            if isCancelled {
                group.cancelAll()
                return await self.keepCancelled(work)
            }
            // None: the gateway stops. Nothing is kept, so that the work is begun again.
            guard let report else { return group.cancelAll() }
            box.finish(self.kept(report, of: work).json)
        }
    }

    /// How the work ended; nil if it was stopped.
    private func reportUnlessStopped(_ work: Work, _ box: ReportBox) async -> Report? {
        await withTaskGroup(of: Report?.self) { group in
            group.addTask { await self.report(work, box) }
            group.addTask {
                await work.stop.wait()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    private func report(_ work: Work, _ box: ReportBox) async -> Report? {
        do {
            try await Task.sleep(for: delay)
            if case .slow(let delay) = work.fault { try await Task.sleep(for: delay) }
            if work.fault == .fail { throw GatewayError.platform("failed, as PUT /behavior asked") }
            let outputs = try await computation.outputs(of: work.step, work.inputs, key: work.key) { metrics in
                box.progress(metrics)
            }
            return .succeeded(outputs)
        } catch let error as GatewayError {
            return .failed(error)
        } catch {
            // Cancelled.
            return nil
        }
    }

    /// The report, after it is on the disk. If it cannot be written, that is the report: what nobody remembers would be
    /// computed a second time.
    private func kept(_ report: Report, of work: Work) -> Report {
        var report = report
        do {
            try results.keep(report.json, key: work.key)
        } catch {
            count(work.step, \.resultsLost)
            report = .failed(error)
        }
        if case .succeeded = report { count(work.step, \.succeeded) } else { count(work.step, \.failed) }
        return report
    }

    /// Remembers that a work was cancelled, so that its call does not begin it when it comes late. Posts nothing: who
    /// cancelled it knows.
    func keepCancelled(_ work: Work) async {
        let report = Report.failed(.platform("the work was cancelled by a call of /v1/cancel: call with a new key"))
        do {
            try results.keep(report.json, key: work.key)
        } catch {
            // A late call begins it again, which is no more than a work done for nothing.
            count(work.step, \.resultsLost)
        }
        count(work.step, \.cancelled)
        await post(report.json, of: work, times: 0)
    }

    /// Posts the reports of a work as they come, up to its result.
    private func postEarly(_ box: ReportBox, of work: Work) async {
        while let (report, isLast) = await box.next() {
            if isLast { return await post(report, of: work, times: work.fault == .twice ? 2 : 1) }
            let outcome = await sender.send(report, to: work.callback) { box.hasNext }
            count(outcome, of: work)
        }
    }

    /// Posts a result, and again for each time that the call has been repeated meanwhile.
    func post(_ report: JSON, of work: Work, times: Int) async {
        var url = work.callback
        var times = times
        while true {
            for _ in 0..<times { count(await sender.send(report, to: url), of: work) }
            guard let again = state.withLock({ $0.works.reported(work.key) }) else { return }
            url = again
            times = 1
        }
    }

    private func count(_ outcome: CallbackSender.Outcome, of work: Work) {
        switch outcome {
        case .delivered: count(work.step, \.callbacksSent)
        case .refused: count(work.step, \.callbacksRefused)
        case .lost: count(work.step, \.callbacksLost)
        case .stopped: break
        }
    }
}
