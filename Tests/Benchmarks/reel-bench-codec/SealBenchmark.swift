import CReelCrypto
import Glibc
import ReelCodec

/// What sealing a frame costs: XAES-256-GCM as the store has it, with a nonce from the kernel, a header to cover, and another
/// recording's key each time, beside AES-256-GCM of libcrypto alone, under one key and a counter.
///
/// Rounds of the two alternate, so that both meet the same moments of the machine; the best round of each counts.
struct SealBenchmark {
    private let frameSizesBytes = [1_000, 4_000, 20_000, 100_000]
    private let roundCount = 40
    private let bytesInRound = 8_000_000

    func run() throws {
        print("\nsealing, µs a frame        bare AES-GCM   XAES seal (over)   its nonce   XAES open")
        for size in frameSizesBytes { try measure(size) }
    }

    private func measure(_ sizeBytes: Int) throws {
        let frameCount = bytesInRound / sizeBytes
        let text = [UInt8](repeating: 0x5A, count: sizeBytes)
        let header = [UInt8](repeating: 1, count: 136)
        let keys = try (0..<64).map { _ in try SecretBytes.random(count: 32) }
        let (bare, cipher) = (try BareSealer(), try XAES256GCM())
        var best = (bare: Double.infinity, seal: Double.infinity, nonce: Double.infinity, open: Double.infinity)
        var output: [UInt8] = []
        output.reserveCapacity(sizeBytes + 100)
        let nonce = try SecureRandom.bytes(count: 24)
        let (textSpan, headerSpan, nonceSpan) = (text.span, header.span, nonce.span)
        var sealed: [UInt8] = []
        cipher.seal(
            textSpan.bytes, key: keys[0], nonce: nonceSpan.bytes, associatedData: headerSpan.bytes,
            appendingTo: &sealed)
        let sealedSpan = sealed.span
        for _ in 0..<roundCount {
            best.bare = min(best.bare, timed { for _ in 0..<frameCount { bare.seal(text, header, &output) } })
            let seal = try timed {
                for index in 0..<frameCount {
                    output.removeAll(keepingCapacity: true)
                    let nonce = try SecureRandom.bytes(count: 24)
                    let nonceSpan = nonce.span
                    cipher.seal(
                        textSpan.bytes, key: keys[index % keys.count], nonce: nonceSpan.bytes,
                        associatedData: headerSpan.bytes, appendingTo: &output)
                }
            }
            best.seal = min(best.seal, seal)
            let random = try timed { for _ in 0..<frameCount { _ = try SecureRandom.bytes(count: 24) } }
            best.nonce = min(best.nonce, random)
            let open = try timed {
                for _ in 0..<frameCount {
                    output.removeAll(keepingCapacity: true)
                    try cipher.open(
                        sealedSpan.bytes, key: keys[0], nonce: nonceSpan.bytes, associatedData: headerSpan.bytes,
                        appendingTo: &output)
                }
            }
            best.open = min(best.open, open)
        }
        let perFrame = 1e6 / Double(frameCount)
        let over = Int(((best.seal / best.bare - 1) * 100).rounded())
        let columns = [best.bare, best.seal, best.nonce, best.open].map { twoDecimals($0 * perFrame) }
        print("\(sizeBytes) bytes: \(columns[0])   \(columns[1]) (+\(over) %)   \(columns[2])   \(columns[3])")
    }

    private func timed<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) -> Double {
        let start = now()
        try body()
        return now() - start
    }

    private func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private func twoDecimals(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}

/// AES-256-GCM with nothing around it: the least that sealing can cost.
private final class BareSealer {
    private let context: OpaquePointer
    private var counter: UInt64 = 0

    init() throws(CryptoError) {
        let key = [UInt8](repeating: 7, count: 32)
        guard let context = EVP_CIPHER_CTX_new(), EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nil) == 1
        else { throw .unavailable }
        self.context = context
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    func seal(_ text: [UInt8], _ header: [UInt8], _ output: inout [UInt8]) {
        counter += 1
        output.removeAll(keepingCapacity: true)
        var size: Int32 = 0
        withUnsafeBytes(of: (counter, UInt32(0))) { nonce in
            let bytes = nonce.baseAddress?.assumingMemoryBound(to: UInt8.self)
            EVP_EncryptInit_ex(context, nil, nil, nil, bytes)
        }
        EVP_EncryptUpdate(context, nil, &size, header, Int32(header.count))
        output.append(addingCapacity: text.count + 16) { space in
            space.withUnsafeMutableBufferPointer { space, count in
                guard let base = space.baseAddress else { return }
                EVP_EncryptUpdate(context, base, &size, text, Int32(text.count))
                EVP_EncryptFinal_ex(context, base + text.count, &size)
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, base + text.count)
                count = text.count + 16
            }
        }
    }
}
