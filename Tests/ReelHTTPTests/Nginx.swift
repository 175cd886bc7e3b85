import Glibc
import ReelSystem
import Testing

/// A real nginx that takes whole bodies and passes what it takes to a second one that answers 200.
final class Nginx {
    static let program = "/usr/sbin/nginx"
    static var isInstalled: Bool { access(program, X_OK) == 0 }

    private let folder = temporaryPath("")
    private var process = pid_t()
    var path: String { folder + "/front.sock" }

    init() throws {
        mkdir(folder, 0o755)
        let configuration = """
            daemon off; master_process off; pid \(folder)/pid; error_log \(folder)/error.log;
            events { worker_connections 256; }
            http {
                access_log off; client_max_body_size 1m; large_client_header_buffers 4 16k;
                client_body_temp_path \(folder)/body; proxy_temp_path \(folder)/proxy;
                fastcgi_temp_path \(folder)/fastcgi; uwsgi_temp_path \(folder)/uwsgi; scgi_temp_path \(folder)/scgi;
                client_header_timeout 2s; client_body_timeout 2s;
                server { listen unix:\(path); location / { proxy_pass http://unix:\(folder)/back.sock; } }
                server { listen unix:\(folder)/back.sock; location / { return 200; } }
            }
            """
        let file = FileDescriptor(owning: open(folder + "/conf", O_CREAT | O_WRONLY, 0o644))
        let bytes = Array(configuration.utf8)
        try #require(write(file.raw, bytes, bytes.count) == bytes.count)
        var arguments: [UnsafeMutablePointer<CChar>?] = [
            strdup(Self.program), strdup("-c"), strdup(folder + "/conf"), nil,
        ]
        defer { for argument in arguments { free(argument) } }
        try #require(posix_spawn(&process, Self.program, nil, nil, &arguments, environ) == 0)
        for _ in 0..<500 {
            if (try? Socket.connect(unix: path, timeoutSeconds: 1)) != nil { return }
            usleep(20_000)
        }
        Issue.record("nginx does not answer")
    }

    deinit {
        // A thread of Swift's pool blocks SIGTERM, and so does what it spawns.
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        for file in ["conf", "pid", "error.log", "front.sock", "back.sock"] { unlink("\(folder)/\(file)") }
        for part in ["/body", "/proxy", "/fastcgi", "/uwsgi", "/scgi", ""] { rmdir(folder + part) }
    }

    /// The status of its answer; 0 when it closes without one.
    func status(of bytes: [UInt8]) throws -> Int {
        let connection = RawConnection(try Socket.connect(unix: path, timeoutSeconds: 10))
        connection.send(bytes)
        while let answer = connection.answer() {
            if answer.status != 100 { return answer.status }
        }
        return 0
    }
}
