import Glibc
import ReelHTTP
import ReelServer
import ReelStore
import ReelSystem

/// A daemon inside a command, for a store that has none running: opened on a socket only this user can reach, gone
/// with the command. So every command reads a store the same way, with a daemon or without.
final class LocalDaemon {
    let socketPath: String
    private let directory: String
    private let store: Store
    private let server: ReelServer
    /// There is no journal here: damage that was met is kept for who was asking.
    private let damage = Monitor<[String]>([])

    /// The first damage met while serving: file and offset.
    var firstDamage: String? { damage.withLock { $0.first } }

    init(_ invocation: Invocation) throws(CommandFailure) {
        store = try LocalStore.open(invocation)
        // Made with mode 0700, and not where $TMPDIR says: a Unix socket's path has room for 107 bytes.
        var template = Array("/tmp/reeld-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            let error = SystemError.last("mkdtemp", "/tmp")
            store.close()
            throw CommandFailure(.failure, "\(error)")
        }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        socketPath = "\(directory)/reeld.sock"
        var options = ServerOptions()
        options.version = CommandTable.version
        options.unixPlace = "by a command on the store itself"
        do throws(SystemError) {
            let listener = Listener.unix(path: socketPath, mode: 0o600)
            server = try ReelServer(store: store, listeners: [listener], options: options) { [damage] event in
                guard case .damage(let file, let offsetBytes, _) = event else { return }
                damage.withLock { if $0.isEmpty { $0.append("\(file):\(offsetBytes)") } }
            }
            try server.start()
        } catch {
            rmdir(directory)
            store.close()
            throw CommandFailure(.failure, "\(error)")
        }
    }

    deinit {
        server.drain(deadlineSeconds: 1)
        server.join()
        store.close()
        unlink(socketPath)
        rmdir(directory)
    }
}
