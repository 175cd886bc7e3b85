import ReelFormat
import ReelHTTP
import ReelStore

/// `/metrics` in Prometheus' text format 0.0.4.
enum MetricsRoute {
    static func show(_ statistics: HTTPStatistics?, _ exchange: Exchange) {
        let context = exchange.context
        let metrics = context.metrics
        let store = context.store.statistics
        let memory = context.options.http.memory
        var text = MetricsText()
        text.counter("reeld_batches_total", "Batches stored.", metrics.batches.value)
        text.counter(
            "reeld_batches_duplicate_total", "Batches that were there already.", metrics.duplicateBatches.value)
        text.counter("reeld_events_total", "Events stored.", metrics.events.value)
        text.counter("reeld_events_dropped_total", "Bad events left out by ?invalid=drop.", metrics.droppedEvents.value)
        text.counter("reeld_batch_body_bytes_total", "Bytes of batches as sent.", metrics.bodyBytes.value)
        text.counter("reeld_batch_raw_bytes_total", "Bytes of batches once inflated.", metrics.rawBytes.value)
        text.counter("reeld_answers_aborted_total", "Answers broken off for damage.", metrics.abortedAnswers.value)
        text.counter("reeld_erasures_total", "Requests that erased something.", metrics.erasures.value)
        text.counter("reeld_recordings_erased_total", "Recordings erased.", metrics.erasedRecordings.value)
        text.family("reeld_responses_total", "counter", "Answers by route and status.")
        for (key, count) in metrics.answerCounts {
            text.sample(
                "reeld_responses_total", count, labels: "{route=\"\(key.route)\",status=\"\(key.status)\"}")
        }
        text.histogram("reeld_ack_seconds", "From a batch's arrival to its durable answer.", metrics.ack)
        text.histogram("reeld_read_seconds", "From a request for events to the start of its answer.", metrics.read)
        text.histogram("reeld_list_seconds", "Making a page of the list.", metrics.list)
        text.histogram(
            "reeld_live_lag_seconds", "From a durable answer until a viewer's connection took the events.",
            metrics.liveLag)

        text.gauge("reeld_recordings", "Recordings that are there.", store.recordingCount)
        text.family("reeld_recordings_gone", "gauge", "Recordings that are not there any more.")
        text.sample("reeld_recordings_gone", store.erasedRecordingCount, labels: "{how=\"erased\"}")
        text.sample("reeld_recordings_gone", store.expiredRecordingCount, labels: "{how=\"expired\"}")
        text.gauge("reeld_recordings_open", "Recordings with a running lease.", store.openRecordingCount)
        text.gauge("reeld_log_segments", "Segments of the log.", store.segmentCount)
        text.gauge("reeld_log_bytes", "Bytes of the log.", store.logSizeBytes)
        text.gauge("reeld_log_lsn", "The newest log sequence number.", store.lastLSN)
        text.gauge("reeld_write_queue_depth", "Changes that wait for the disk.", store.queueDepth)
        text.counter("reeld_commits_total", "Group commits.", store.commits.commitCount)
        text.counter("reeld_commit_frames_total", "Frames in them.", store.commits.frameCount)
        text.counter("reeld_commit_bytes_total", "Bytes in them.", store.commits.sizeBytes)
        text.gauge("reeld_read_only", "1 when the store takes no changes.", context.store.health.isReadOnly ? 1 : 0)
        text.add(context.store.retention)
        text.add(context.store.archive)
        text.add(context.store.lastVerification)
        if let rate = context.store.growth {
            text.gauge("reeld_log_growth_bytes_per_day", "What comes in a day and stays.", rate.bytesPerDay)
        }
        if let free = try? context.store.freeBytes() {
            text.gauge("reeld_disk_free_bytes", "Bytes free on the store's file system.", free)
        }

        if let statistics { text.add(statistics) }
        text.gauge("reeld_workers_waiting", "Jobs that wait for a worker.", context.workers.depth)
        let viewers = context.live.viewerCounts
        text.family("reeld_live_viewers", "gauge", "Open live streams, of recordings and of the list.")
        text.sample("reeld_live_viewers", viewers.recordings, labels: "{of=\"recording\"}")
        text.sample("reeld_live_viewers", viewers.list, labels: "{of=\"list\"}")
        text.gauge("reeld_memory_budget_bytes", "What bodies and pieces may take together.", memory.totalBytes)
        text.gauge("reeld_memory_used_bytes", "What they take now.", memory.totalBytes - memory.freeBytes)
        exchange.send(
            Response(
                status: 200,
                headers: ["Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": "no-store"],
                body: .bytes(text.bytes)))
    }
}

/// Appends metrics as text.
private struct MetricsText {
    private(set) var bytes: [UInt8] = []

    mutating func family(_ name: String, _ type: String, _ help: String) {
        append("# HELP \(name) \(help)\n# TYPE \(name) \(type)\n")
    }

    mutating func sample(_ name: String, _ value: some BinaryInteger, labels: String = "") {
        append("\(name)\(labels) \(value)\n")
    }

    mutating func counter(_ name: String, _ help: String, _ value: some BinaryInteger) {
        family(name, "counter", help)
        sample(name, value)
    }

    mutating func gauge(_ name: String, _ help: String, _ value: some BinaryInteger) {
        family(name, "gauge", help)
        sample(name, value)
    }

    mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
        family(name, "histogram", help)
        let (cumulative, sum) = histogram.snapshot
        for (bound, count) in zip(Histogram.bounds, cumulative) {
            sample(name + "_bucket", count, labels: "{le=\"\(Double(bound) / 1_000_000)\"}")
        }
        let total = cumulative.last ?? 0
        sample(name + "_bucket", total, labels: "{le=\"+Inf\"}")
        append("\(name)_sum \(Double(sum) / 1_000_000)\n")
        sample(name + "_count", total)
    }

    mutating func add(_ retention: RetentionStatus) {
        let causes: [ExpiryCause] = [.age, .size, .freeSpace]
        family("reeld_retention_recordings_total", "counter", "Recordings that retention removed, by cause.")
        for cause in causes {
            sample(
                "reeld_retention_recordings_total", retention.removed[cause]?.recordingCount ?? 0,
                labels: "{cause=\"\(cause.name)\"}")
        }
        family("reeld_retention_bytes_total", "counter", "What they took in the log.")
        for cause in causes {
            sample(
                "reeld_retention_bytes_total", retention.removed[cause]?.sizeBytes ?? 0,
                labels: "{cause=\"\(cause.name)\"}")
        }
        gauge(
            "reeld_retention_checked_seconds", "When every recording's age was last looked at, since 1970; 0 not yet.",
            (retention.lastPassMicroseconds ?? 0) / 1_000_000)
        family("reeld_retention_waits", "gauge", "1 for what keeps retention from removing what is due.")
        for wait in retention.waits { sample("reeld_retention_waits", 1, labels: "{for=\"\(wait.name)\"}") }
    }

    mutating func add(_ archive: ArchiveStatus) {
        gauge("reeld_archived_segments", "Segments whose events are in the archive.", archive.segmentCount)
        gauge("reeld_archived_bytes", "What they take there.", archive.sizeBytes)
        gauge(
            "reeld_archive_removals_waiting", "Copies in the archive that are to be removed once it is there.",
            archive.discardedCount)
        // Absent while nothing was ever archived.
        if let isOnline = archive.isOnline {
            gauge("reeld_archive_online", "1 while the archive can be read.", isOnline ? 1 : 0)
        }
    }

    mutating func add(_ verification: VerificationRecord?) {
        gauge(
            "reeld_last_verify_seconds", "When reeld verify last ended, since 1970; 0 not yet.",
            (verification?.finishedMicroseconds ?? 0) / 1_000_000)
        guard let verification else { return }
        gauge("reeld_last_verify_sound", "1 when it found a sound store.", verification.isSound ? 1 : 0)
        gauge("reeld_last_verify_faults", "Damaged places, gaps and lost recordings it found.", verification.faultCount)
        gauge(
            "reeld_last_verify_duration_seconds", "How long it took.", verification.durationMicroseconds / 1_000_000)
        gauge(
            "reeld_last_verify_unread_frames", "Frames it could not read whole, for want of the key or the archive.",
            verification.unopenedFrameCount + verification.unreadFrameCount)
    }

    mutating func add(_ statistics: HTTPStatistics) {
        gauge("reeld_connections", "Open connections.", statistics.connectionsOpen)
        counter("reeld_connections_total", "Connections accepted.", statistics.connectionsAccepted)
        counter("reeld_connections_refused_total", "Connections turned away.", statistics.connectionsRefused)
        counter("reeld_requests_total", "Whole requests.", statistics.requests)
        counter("reeld_requests_refused_total", "What never became a request.", statistics.refused)
        counter("reeld_received_bytes_total", "Bytes from clients.", statistics.bytesIn)
        counter("reeld_sent_bytes_total", "Bytes to clients.", statistics.bytesOut)
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
