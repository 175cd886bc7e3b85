import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem

/// What became of an erasing, as the API says it.
struct ErasureAnswer {
    /// Erased now or before.
    var tombstones: [Tombstone] = []
    /// Those that were erased before.
    var repeatCount = 0
    /// What was not erased, and why.
    var refused: [(recording: String, problem: Problem)] = []
    /// Recordings that could not be read, so that nobody knows whether they were meant.
    var damaged: [String] = []
    /// Where to go on; nil at the end.
    var next: UInt64?
    var certificate: String?

    var json: [UInt8] {
        var json = JSONWriter(capacityBytes: 256 + tombstones.count * 112)
        json.object { json in
            json.member("erased", tombstones.count - repeatCount)
            json.member("repeated", repeatCount)
            json.member("recordings") { json in
                json.array { json in
                    for tombstone in tombstones { json.tombstone(tombstone) }
                }
            }
            json.refusals(refused, damaged, next: next)
            if let certificate { json.member("certificate", certificate) }
        }
        return json.bytes
    }

    /// The store's signed word for it; nil where nothing was erased. What a later page of a selection could not read or
    /// erase is said even where it erased nothing.
    static func certificate(
        _ answer: ErasureAnswer, _ order: ErasureOrder, by requester: String, _ context: ServerContext
    ) throws(Problem) -> String? {
        let absent: [ProblemType] = [.unknownRecording, .erased, .expired]
        let refusedCount = answer.refused.count { !absent.contains($0.problem.type) }
        let isLaterPage = order.below != nil && refusedCount + answer.damaged.count > 0
        guard order.wantsCertificate, !answer.tombstones.isEmpty || isLaterPage else { return nil }
        let signer = context.store.signer
        var certificate = ErasureCertificate(
            store: context.store.statistics.id, publicKey: signer.publicKey,
            issuedMicroseconds: context.clock.wallMicroseconds, requester: requester, machine: MachineName.current,
            selection: order.selection)
        certificate.reason = order.reason
        certificate.override = order.override
        certificate.erased = answer.tombstones
        certificate.refusedCount = refusedCount
        certificate.unreadCount = answer.damaged.count
        do {
            return try certificate.text(sign: signer.signature)
        } catch {
            throw Problem(
                .storageFailed, "It is erased, but the certificate could not be signed: \(error). Ask again for it.")
        }
    }
}

extension JSONWriter {
    mutating func tombstone(_ tombstone: Tombstone) {
        object { json in
            json.member("number", tombstone.recording)
            json.member("id", tombstone.id.description)
            json.member("erased") { $0.time(tombstone.erasedMicroseconds) }
        }
    }

    /// What was left out, and where to go on.
    mutating func refusals(_ refused: [(recording: String, problem: Problem)], _ damaged: [String], next: UInt64?) {
        member("refused") { json in
            json.array { json in
                for (recording, problem) in refused {
                    json.object { json in
                        json.member("recording", recording)
                        json.member("type", ProblemType.prefix + problem.type.rawValue)
                        json.member("detail", problem.detail)
                    }
                }
            }
        }
        if !damaged.isEmpty {
            member("damaged") { json in
                json.array { json in
                    for text in damaged { json.string(text) }
                }
            }
        }
        member("next") { json in
            if let next { json.string("\(next)") } else { json.null() }
        }
    }
}
