import ReelServer
import ReelSystem

extension Journal {
    /// Logs what the server tells: the `note` of `ReelServer.init`.
    func log(_ event: ServerEvent) {
        switch event {
        case .damage(let file, let offsetBytes, let recording):
            log(
                .damageFound, "recording \(recording) could not be read: damage in \(file)",
                LogField("recording", recording), .file(file), .offset(offsetBytes))
        case .diskFull:
            log(.diskFull, "the disk is full: writers are refused until there is room; what is stored is served")
        case .spaceReturned: log(.spaceReturned, "there is room on the disk again: writes go on")
        case .snapshotMade(let directory, let sizeBytes, let requester):
            log(
                .snapshotMade, "made a snapshot of \(HumanText.size(sizeBytes))", .file(directory), .size(sizeBytes),
                LogField("requester", requester))
        case .erased(let notice):
            let count = HumanText.plural(UInt64(notice.numbers.count), "recording")
            var fields = [
                LogField.count(UInt64(notice.numbers.count)),
                LogField("recordings", NumberRanges.text(notice.numbers)), LogField("requester", notice.requester),
            ]
            if !notice.reason.isEmpty { fields.append(LogField("reason", notice.reason)) }
            if !notice.override.isEmpty { fields.append(LogField("override", notice.override)) }
            log(.recordingErased, "\(count) erased by \(notice.requester)", fields)
        case .requestFailed(let type, let detail, let recording):
            log(
                .requestFailed, "a request about recording \(recording) failed: \(detail)",
                LogField("recording", recording), LogField("problem", type.rawValue))
        }
    }
}
