import ReelHTTP
import ReelSystem
import Testing

@testable import reeld

/// What the daemon listens on, by what the service manager passed and what is configured.
struct ListenerTests {
    private static let unix = ServiceManager.AdoptedSocket(raw: 3, isUnix: true, name: "/run/reeld/reeld.sock")
    private static let tcp = ServiceManager.AdoptedSocket(raw: 4, isUnix: false, name: "127.0.0.1:7336")
    private static let port = ListenAddress(host: "127.0.0.1", port: 7335)

    private func listeners(_ listen: ListenAddress?, _ adopted: ServiceManager.AdoptedSocket...) -> [Listener] {
        var configuration = Configuration()
        configuration.server.listen = listen
        return configuration.listeners(beside: adopted)
    }

    @Test func byDefaultThereIsNoTCP() {
        #expect(Configuration().listeners(beside: []) == [.unix(path: "/run/reeld/reeld.sock")])
        #expect(Configuration().listeners(beside: [Self.unix]) == [.adopted(rawDescriptor: 3)])
    }

    @Test func anAddressIsListenedOnBesideTheSocketThatWasPassed() {
        #expect(
            listeners(Self.port, Self.unix) == [.adopted(rawDescriptor: 3), .tcp(address: "127.0.0.1", port: 7335)])
    }

    @Test func aTCPSocketThatWasPassedComesBeforeTheConfiguredAddress() {
        #expect(
            listeners(Self.port, Self.unix, Self.tcp) == [.adopted(rawDescriptor: 3), .adopted(rawDescriptor: 4)])
    }
}
