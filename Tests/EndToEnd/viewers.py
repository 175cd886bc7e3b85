"""Who watches `/live`, by server-sent events or by a WebSocket: read by a thread of its own until the stream ends."""

import http.client
import json
import re
import socket
import threading

import websocket

WAIT_SECONDS_MAX = 60


class Viewer:
    """What came: events with their ordinals, and the messages beside them."""

    def __init__(self, daemon, target: str, headers: dict | None = None):
        self.events: list[tuple[int, bytes]] = []
        self.others: list[tuple[str, object]] = []
        self.changed = threading.Condition()
        self.is_over = False
        # Broken off, and not ended.
        self.is_cut = False
        self.is_leaving = False
        self.open(daemon, target, headers or {})
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            self.read()
        except (http.client.HTTPException, OSError, websocket.WebSocketException):
            self.is_cut = True
        with self.changed:
            self.is_over = True
            self.changed.notify_all()

    def wait(self, condition):
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), WAIT_SECONDS_MAX), (
                len(self.events), self.others, self.is_over,
            )  # fmt: skip

    def assert_holds(self, events: list[bytes], first: int = 0):
        assert [number for number, _ in self.events] == list(range(first, len(events)))
        assert [data for _, data in self.events] == events[first:]


class EventStreamViewer(Viewer):
    _MESSAGE = re.compile(rb"(?:retry: \d+\n)?(?:id: (\d+)\n)?(?:event: (\w+)\n)?data: (.*)")

    def open(self, daemon, target, headers):
        self.connection = daemon.connect()
        self.connection.request("GET", target, headers=headers)
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        assert self.response.headers["Content-Type"] == "text/event-stream"

    def read(self):
        text = b""
        while piece := self.response.read1(1 << 16):
            *blocks, text = (text + piece).split(b"\n\n")
            with self.changed:
                for block in blocks:
                    self._take(block)
                self.changed.notify_all()

    def _take(self, block: bytes):
        if block.startswith(b":"):
            return
        match = self._MESSAGE.fullmatch(block)
        assert match, block[:200]
        number, name, data = match.groups()
        if name is None:
            self.events.append((int(number), data))
        else:
            self.others.append((name.decode(), json.loads(data)))

    def close(self):
        self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.connection.close()


class WebSocketViewer(Viewer):
    # Events as they are in the text of a message: nothing here parses and prints JSON again.
    _EVENTS = re.compile(rb'\{"type":"events","first":(\d+),"events":\[(.*)\]\}', re.DOTALL)

    def open(self, daemon, target, headers):
        connected = socket.socket(socket.AF_UNIX)
        connected.settimeout(WAIT_SECONDS_MAX)
        connected.connect(str(daemon.socket))
        self.connection = websocket.create_connection(f"ws://localhost{target}", socket=connected, header=headers)
        self.close_code = None

    def read(self):
        # What the client's library does not keep in a message is what this wants to see: where the events begin and end.
        from events import cut

        while True:
            opcode, data = self.connection.recv_data(control_frame=True)
            with self.changed:
                if opcode == websocket.ABNF.OPCODE_CLOSE:
                    self.close_code = int.from_bytes(data[:2], "big")
                    return
                if opcode == websocket.ABNF.OPCODE_TEXT:
                    match = self._EVENTS.fullmatch(data)
                    if match:
                        first = int(match[1])
                        self.events += [(first + index, event) for index, event in enumerate(cut(match[2]))]
                    else:
                        document = json.loads(data)
                        self.others.append((document.pop("type"), document))
                self.changed.notify_all()

    def close(self):
        self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.connection.close()


VIEWERS = [EventStreamViewer, WebSocketViewer]
