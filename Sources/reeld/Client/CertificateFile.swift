import Glibc
import ReelSystem

/// A new file for certificates, one behind the other; there only once it is whole.
struct CertificateFile {
    private let path: String
    private var text: [UInt8] = []

    /// - Throws: where the file could not be made.
    init(_ path: String) throws(CommandFailure) {
        guard access(path, F_OK) != 0 else {
            throw CommandFailure(.failure, "\(path): it is there already, and a certificate is never written over")
        }
        self.path = path
        // Left alone it vanishes.
        do throws(SystemError) { _ = try ReplacingFile(path) } catch {
            throw CommandFailure(.failure, "\(path): \(error.reason)")
        }
    }

    mutating func add(_ certificate: String) { text += Array(certificate.utf8) }

    /// Nothing is left where nothing was erased.
    ///
    /// - Returns: whether there was anything to certify.
    func write() throws(CommandFailure) -> Bool {
        guard !text.isEmpty else { return false }
        do throws(SystemError) {
            let file = try ReplacingFile(path)
            try file.write(text)
            try file.commit()
            return true
        } catch {
            throw CommandFailure(
                .failure,
                "\(path): \(error.reason); the recordings are erased: name them again to get the certificate")
        }
    }
}
