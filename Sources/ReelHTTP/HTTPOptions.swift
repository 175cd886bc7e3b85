/// Every limit of the server, with its unit and default.
package struct HTTPOptions: Sendable {
    /// Threads that run event loops. One served 150,000 small requests a second.
    package var loopCount = 1
    /// Connections queued by the kernel before they are accepted.
    package var backlogCount: Int32 = 1024
    /// Open connections, all listeners together; more get 503 and are closed.
    package var connectionCountMax = 16_384
    /// Open connections of one TCP address or one Unix user. Behind a proxy all have one address: hence no lower.
    package var connectionCountMaxPerPeer = 16_384

    /// From the method to the empty line, and the trailer fields of a chunked body; more gets 431.
    package var headSizeMaxBytes = 16_384
    /// The request line; longer gets 414.
    package var targetSizeMaxBytes = 8_192
    /// Header lines, and trailer lines; more get 431.
    package var fieldCountMax = 100

    /// From a request's first byte to the end of its head, absolute; then 408.
    package var headSecondsMax = 10
    /// A body may take this long, and longer only as fast as `bodyRateMinBytesPerSecond`; then 408.
    package var bodyGraceSeconds = 10
    package var bodyRateMinBytesPerSecond = 1_024
    /// A peer that takes not one byte of its answer for this long is cut off.
    package var writeStallSecondsMax = 30
    /// A WebSocket's client that sends not even the answer to a ping for this long is cut off.
    package var webSocketSilenceSecondsMax = 60
    /// A connection between requests, or before its first.
    package var idleSecondsMax = 75
    /// A handler's time to answer; then 503.
    package var replySecondsMax = 120
    /// Waiting for a body's share of memory; then 503.
    package var shareSecondsMax = 30

    /// After a refusal the peer's input is still read and thrown away, for so long and so much: closing over unread
    /// bytes would send a reset that can destroy the answer on its way (RFC 9112 §9.6).
    package var lingerSecondsMax = 2
    package var lingerSizeMaxBytes = 256 << 20

    /// What bodies may hold together.
    package var memory = MemoryBudget(totalBytes: 256 << 20)

    package init() {}
}
