import Glibc
import ReelSystem
import Testing

@testable import ReelHTTP

struct ListenerTests {
    private func open(_ listener: Listener) throws(SystemError) -> HTTPServer {
        try HTTPServer(listeners: [listener], handler: TestHandler())
    }

    @Test(arguments: [0o660, 0o600, 0o666] as [UInt32])
    func unixSocketHasItsModeWhateverTheUmask(_ mode: UInt32) throws {
        let path = temporaryPath(".sock")
        defer { unlink(path) }
        let server = try open(.unix(path: path, mode: mode))
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == mode)
        _ = server
    }

    @Test func staleSocketIsReplaced() throws {
        let path = temporaryPath(".sock")
        defer { unlink(path) }
        // As a killed process leaves it: the file is there and nobody listens.
        do { _ = try open(.unix(path: path)) }
        #expect(access(path, F_OK) == 0)
        let server = try open(.unix(path: path))
        try server.start()
        #expect(try HTTPClient(.unix(path: path)).send(.get, "/").status == 200)
        server.drain(deadlineSeconds: 0)
        server.join()
    }

    @Test func livingSocketIsLeftAlone() throws {
        let server = try TestServer()
        #expect(throws: SystemError(EADDRINUSE, "listen", server.path)) { try open(.unix(path: server.path)) }
        #expect(try HTTPClient(.unix(path: server.path)).send(.get, "/").status == 200)
    }

    @Test func fileThatIsNoSocketIsLeftAlone() throws {
        let path = temporaryPath(".txt")
        defer { unlink(path) }
        _ = FileDescriptor(owning: Glibc.open(path, O_CREAT | O_RDWR, 0o600))
        #expect(throws: SystemError(EADDRINUSE, "listen", path)) { try open(.unix(path: path)) }
        #expect(access(path, F_OK) == 0)
    }

    @Test func tooLongPathIsRefused() {
        let path = "/tmp/" + String(repeating: "x", count: 103)
        #expect(throws: SystemError(ENAMETOOLONG, "listen", path)) { try open(.unix(path: path)) }
    }

    @Test func nameInsteadOfAddressIsRefused() {
        #expect(throws: SystemError(EINVAL, "listen", "localhost:0")) {
            try open(.tcp(address: "localhost", port: 0))
        }
    }

    @Test func takenPortIsRefused() throws {
        let server = try TestServer()
        #expect(throws: SystemError(EADDRINUSE, "listen", "127.0.0.1:\(server.port)")) {
            try open(.tcp(address: "127.0.0.1", port: server.port))
        }
    }

    @Test func adoptedSocketServes() throws {
        let path = temporaryPath(".sock")
        defer { unlink(path) }
        let raw = try Socket.listen(unix: path, mode: 0o600, backlog: 8).release()
        let server = try open(.adopted(rawDescriptor: raw))
        try server.start()
        #expect(try HTTPClient(.unix(path: path)).send(.get, "/").status == 200)
        server.drain(deadlineSeconds: 0)
        server.join()
        // The file is its maker's, systemd's say, to remove.
        #expect(access(path, F_OK) == 0)
    }

    @Test func descriptorThatDoesNotListenIsNotAdopted() throws {
        let raw = try Socket.reserve().release()
        defer { close(raw) }
        #expect(throws: SystemError.self) { try open(.adopted(rawDescriptor: raw)) }
    }

    /// In a process of its own, for the limit is the process's.
    @Test func serverWithoutDescriptorsRecoversWhenSomeAreFree() async {
        await #expect(processExitsWith: .success) {
            let server = try TestServer()
            var limit = rlimit(rlim_cur: 64, rlim_max: 64)
            setrlimit(__rlimit_resource_t(7), &limit)
            // Client and server share the table: it is full when neither gets another descriptor.
            var connections: [RawConnection] = []
            while let connection = try? server.connect() { connections.append(connection) }
            usleep(200_000)
            while let connection = try? server.connect() { connections.append(connection) }
            connections.removeAll()
            let client = HTTPClient(.unix(path: server.path), timeoutSeconds: 30)
            var status = 0
            for _ in 0..<100 where status != 200 {
                status = (try? client.send(.get, "/").status) ?? 0
                if status != 200 { usleep(100_000) }
            }
            // A variable may end before a call that never returns, and the server would end with it.
            withExtendedLifetime(server) { _ = unlink(server.path) }
            exit(status == 200 ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }
}
