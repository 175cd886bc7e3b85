"""The WebSocket of `/live`: who gets one, and what happens to frames that no client should send (RFC 6455)."""

import os
import socket
import struct

import pytest
import websocket

from daemon import Answer
from events import some

KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


def frame(opcode: int, payload: bytes = b"", final=True, masked=True, reserved=0, length: bytes | None = None) -> bytes:
    """A frame as a client sends it, right or wrong."""
    size = len(payload)
    if length is None:
        length = bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size)
    mask = os.urandom(4) if masked else b""
    body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)) if masked else payload
    first = (0x80 if final else 0) | reserved << 4 | opcode
    return bytes([first, length[0] | (0x80 if masked else 0)]) + length[1:] + mask + body


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack(">H", code) + reason)


class Client:
    """A client by hand, behind a handshake that went well."""

    def __init__(self, daemon, target: str, early: bytes = b""):
        self.socket = daemon.raw_socket()
        self.socket.sendall(request(target).encode() + early)
        self.buffer = b""
        head = self._until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        assert f"Sec-WebSocket-Accept: {ACCEPT}\r\n".encode() in head

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(mark, 1)
        return head + b"\r\n"

    def _more(self):
        received = self.socket.recv(1 << 16)
        assert received, "the connection ended in the middle"
        self.buffer += received

    def receive(self) -> tuple[int, bytes]:
        """The next frame, which must be whole, final and unmasked."""
        while len(self.buffer) < 2:
            self._more()
        first, size = self.buffer[0], self.buffer[1]
        assert first & 0xF0 == 0x80 and size < 128, "not as a server's frame is"
        start = {126: 4, 127: 10}.get(size, 2)
        while len(self.buffer) < start:
            self._more()
        size = int.from_bytes(self.buffer[2:start], "big") if start > 2 else size
        while len(self.buffer) < start + size:
            self._more()
        payload, self.buffer = self.buffer[start : start + size], self.buffer[start + size :]
        return first & 0xF, payload

    def receive_until(self, opcode: int) -> bytes:
        while True:
            got, payload = self.receive()
            if got == opcode:
                return payload

    def assert_closed(self, code: int | None):
        """That a close frame with this code, or any, comes, and nothing behind it."""
        payload = self.receive_until(CLOSE)
        assert code in (None, int.from_bytes(payload[:2], "big"))
        self.assert_ended()

    def assert_ended(self):
        try:
            assert self.buffer == b"" and self.socket.recv(1) == b""
        except ConnectionResetError:
            pass


def request(target: str, without: str = "", method: str = "GET", version: str = "1.1", **fields) -> str:
    headers = {
        "Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
    }  # fmt: skip
    headers |= {name.replace("_", "-"): value for name, value in fields.items()}
    headers.pop(without, None)
    lines = [f"{method} {target} HTTP/{version}"] + [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines) + "\r\n\r\n"


@pytest.fixture(scope="module")
def witness(shared_household):
    """A daemon with recording 1, of three events, that goes on."""
    daemon = shared_household.start()
    recording = daemon.begin()
    assert recording == 1 and daemon.post(recording, some(3)).status == 201
    return daemon


TARGET = "/v1/recordings/1/live"


def answer_to(daemon, text: str, method: str = "GET") -> Answer:
    connected = daemon.raw_socket()
    connected.sendall(text.encode())
    return Answer.read(connected, method)


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"without": "Connection"}, "bad-handshake"),
        ({"Connection": "keep-alive"}, "bad-handshake"),
        ({"version": "1.0"}, "bad-handshake"),
        ({"Content-Length": "2"}, "bad-handshake"),
        ({"without": "Sec-WebSocket-Key"}, "bad-handshake"),
        ({"Sec_WebSocket_Key": "c2hvcnQ="}, "bad-handshake"),
        ({"Sec_WebSocket_Key": "!!!!!!!!!!!!!!!!!!!!!!=="}, "bad-handshake"),
        ({"Sec_WebSocket_Key": f"{KEY}\r\nSec-WebSocket-Key: {KEY}"}, "bad-handshake"),
        ({"Sec_WebSocket_Protocol": "chat"}, "bad-handshake"),
        ({"without": "Sec-WebSocket-Version"}, "unknown-websocket-version"),
        ({"Sec_WebSocket_Version": "8"}, "unknown-websocket-version"),
    ],
)
def test_a_handshake_that_is_wrong_is_told_what(witness, fields, problem):
    text = request(TARGET, **fields)
    answer = answer_to(witness, text + ("{}" if "Content-Length" in fields else ""))
    assert answer.problem == problem
    if problem == "unknown-websocket-version":
        assert answer.status == 426 and answer.headers["Sec-WebSocket-Version"] == "13"


def test_other_paths_and_methods_are_no_websockets(witness):
    assert answer_to(witness, request("/v1/recordings/99/live")).problem == "unknown-recording"
    assert answer_to(witness, request(TARGET, method="HEAD"), "HEAD").status == 200
    # Where an upgrade means nothing, it is passed over (RFC 9110, 7.8).
    assert answer_to(witness, request("/v1/recordings/1")).status == 200


def tcp(daemon, **options):
    return websocket.create_connection(f"ws://127.0.0.1:{daemon.port}{TARGET}", **options)


def test_over_tcp_it_is_for_whoever_has_the_token_and_for_pages_of_the_daemon(witness):
    with pytest.raises(websocket.WebSocketBadStatusException) as refusal:
        tcp(witness)
    assert refusal.value.status_code == 401
    good = {"Authorization": f"Bearer {witness.token}"}
    for options, status in (
        ({"header": good, "origin": "http://elsewhere.example"}, 403),
        ({"header": good, "host": "elsewhere.example"}, 421),
        ({"header": {"Authorization": "Bearer wrong"}}, 401),
        ({"subprotocols": ["reeld.live", "reeld.token.wrong"]}, 401),
        ({"subprotocols": [f"reeld.token.{witness.token}"]}, 400),
    ):
        with pytest.raises(websocket.WebSocketBadStatusException) as refusal:
            tcp(witness, **options)
        assert refusal.value.status_code == status, options
    for options in ({"header": good}, {"subprotocols": ["reeld.live", f"reeld.token.{witness.token}"]}):
        opened = tcp(witness, **options)
        assert '"type":"begin"' in opened.recv()
        # The token is not sent back.
        assert opened.subprotocol in (None, "reeld.live")
        opened.close()


def test_a_browser_watches_by_it(witness, browser):
    browser.open(witness, "/?user=nobody")
    told = browser.driver.execute_async_script(
        """const [path, token, done] = arguments;
        const opened = new WebSocket(`ws://${location.host}${path}`, ["reeld.live", `reeld.token.${token}`]);
        const messages = [];
        opened.onmessage = ({ data }) => {
          messages.push(JSON.parse(data));
          if (messages.length === 2) opened.close();
        };
        opened.onclose = ({ wasClean, code }) => done({ messages, wasClean, code });""",
        TARGET + "?first=0", witness.token,
    )  # fmt: skip
    assert told["wasClean"] and told["messages"][0] == {"type": "begin", "first": 0, "events": 3}
    assert told["messages"][1]["type"] == "events" and len(told["messages"][1]["events"]) == 3


PROTOCOL_ERROR, UNSUPPORTED, INVALID, TOO_BIG = 1002, 1003, 1007, 1009
# It closes; wslay takes a malformed close for a close, and may send its code back.
ANY = None


@pytest.mark.parametrize(
    "sent, code",
    [
        pytest.param(frame(TEXT, b"hello", masked=False), PROTOCOL_ERROR, id="unmasked text"),
        pytest.param(frame(PING, masked=False), PROTOCOL_ERROR, id="unmasked ping"),
        pytest.param(frame(TEXT, b"hello"), UNSUPPORTED, id="text"),
        pytest.param(frame(BINARY, b"\x00"), UNSUPPORTED, id="binary"),
        pytest.param(frame(TEXT, b"he", final=False) + frame(0, b"llo"), UNSUPPORTED, id="text in pieces"),
        pytest.param(frame(TEXT, b"\xff\xfe"), INVALID, id="bad UTF-8"),
        pytest.param(frame(TEXT, b"\xc3", final=False) + frame(0, b"\x28"), INVALID, id="bad UTF-8 over two frames"),
        pytest.param(frame(TEXT, b"x" * 5_000), TOO_BIG, id="too large"),
        pytest.param(frame(TEXT, b"x", length=b"\x7f" + b"\x7f" + b"\xff" * 7), TOO_BIG, id="2^63 - 1 bytes"),
        pytest.param(frame(TEXT, length=b"\x7f" + b"\xff" * 8), PROTOCOL_ERROR, id="2^64 - 1 bytes"),
        pytest.param(frame(TEXT, b"x" * 3_000, final=False) + frame(0, b"x" * 3_000), TOO_BIG, id="too large in pieces"),
        pytest.param(frame(TEXT, b"hello", length=b"\x7e\x00\x05"), PROTOCOL_ERROR, id="a length that is longer than needed"),
        pytest.param(frame(PING, final=False), PROTOCOL_ERROR, id="ping in pieces"),
        pytest.param(frame(PING, b"x" * 126), PROTOCOL_ERROR, id="long ping"),
        pytest.param(frame(0, b"x"), PROTOCOL_ERROR, id="continuation of nothing"),
        pytest.param(frame(TEXT, b"a", final=False) + frame(TEXT, b"b"), PROTOCOL_ERROR, id="text within text"),
        pytest.param(frame(TEXT, b"a", reserved=4), PROTOCOL_ERROR, id="compressed"),
        pytest.param(frame(3, b"a"), PROTOCOL_ERROR, id="unknown opcode"),
        pytest.param(frame(0xB, b"a"), PROTOCOL_ERROR, id="unknown control opcode"),
        pytest.param(frame(CLOSE, b"\x03"), ANY, id="close of one byte"),
        pytest.param(close(1005), PROTOCOL_ERROR, id="close with a code that is never sent"),
        pytest.param(close(1000, b"\xff"), ANY, id="close with bad UTF-8"),
        pytest.param(close(1000), 1000, id="close"),
        pytest.param(close(3000, "auf Wiedersehen".encode()), 3000, id="close with a code of the client's"),
    ],
)
@pytest.mark.parametrize("early", [False, True], ids=["later", "with the handshake"])
def test_frames_close_it_with_the_code_that_says_why(witness, sent, code, early):
    client = Client(witness, TARGET, early=sent if early else b"")
    if not early:
        assert client.receive()[0] == TEXT
        # Byte by byte, where the handshake's test has all of it at once.
        for index in range(min(len(sent), 64)):
            client.socket.sendall(sent[index : index + 1])
        client.socket.sendall(sent[64:])
    client.assert_closed(code)


def test_pings_are_answered_between_events(witness):
    client = Client(witness, TARGET)
    assert b'"type":"begin"' in client.receive_until(TEXT)
    assert b'"type":"events"' in client.receive_until(TEXT)
    client.socket.sendall(frame(PING, b"first") + frame(PONG, b"nobody asked") + frame(PING, b"x" * 125))
    assert client.receive_until(PONG) == b"first"
    assert client.receive_until(PONG) == b"x" * 125
    assert witness.post(1, some(2)).status == 201
    client.socket.sendall(frame(PING, b"again"))
    assert {client.receive()[0] for _ in range(2)} == {TEXT, PONG}
    client.socket.sendall(close(1000))
    client.assert_closed(1000)


def test_whoever_pings_and_does_not_read_is_not_answered_for_ever(household):
    daemon = household.start()
    recording = daemon.begin()
    client = Client(daemon, f"/v1/recordings/{recording}/live")
    client.socket.settimeout(2)
    sent, ping = 0, frame(PING, b"x" * 125) * 500
    with pytest.raises(TimeoutError):
        while sent < 1 << 30:
            sent += client.socket.send(ping)
    # The kernel's buffers are full, and the daemon holds one answer.
    memory = daemon.metrics()["reeld_memory_used_bytes"]
    assert memory < 4 << 20
    assert daemon.ask("GET", "/readyz").status == 200
    client.socket.close()


def test_a_client_that_goes_without_a_word_is_forgotten(household):
    daemon = household.start()
    recording = daemon.begin()
    clients = [Client(daemon, f"/v1/recordings/{recording}/live") for _ in range(3)]
    clients[0].socket.close()
    clients[1].socket.shutdown(socket.SHUT_WR)
    while daemon.metrics()['reeld_live_viewers{of="recording"}'] > 1:
        pass
    assert daemon.post(recording, some(1)).status == 201
    assert b'"type":"begin"' in clients[2].receive_until(TEXT)
    assert b'"type":"events"' in clients[2].receive_until(TEXT)
