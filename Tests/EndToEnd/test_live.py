"""`/live`: each durable event once, in order, to whoever joins whenever."""

import random
import re
import socket
import threading

import pytest

from daemon import Answer
from events import one, some

_MESSAGE = re.compile(rb"(?:retry: \d+\n)?(?:id: (\d+)\n)?(?:event: (\w+)\n)?data: (.*)")
WAIT_SECONDS_MAX = 60


class Viewer:
    """One viewer, read by a thread of its own until the stream ends."""

    def __init__(self, daemon, recording, query: str = "", headers: dict | None = None):
        self.connection = daemon.connect()
        self.connection.request("GET", f"/v1/recordings/{recording}/live{query}", headers=headers or {})
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        assert self.response.headers["Content-Type"] == "text/event-stream"
        self.events: list[tuple[int, bytes]] = []
        self.others: list[tuple[bytes, bytes]] = []
        self.changed = threading.Condition()
        self.is_over = False
        self.is_leaving = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        text = b""
        try:
            while piece := self.response.read1(1 << 16):
                *blocks, text = (text + piece).split(b"\n\n")
                with self.changed:
                    for block in blocks:
                        self._take(block)
                    self.changed.notify_all()
        except Exception:
            # A viewer that leaves takes the connection away from under its own reader.
            if not self.is_leaving:
                raise
        with self.changed:
            self.is_over = True
            self.changed.notify_all()

    def _take(self, block: bytes):
        if block.startswith(b":"):
            return
        match = _MESSAGE.fullmatch(block)
        assert match, block[:200]
        number, name, data = match.groups()
        if name is None:
            self.events.append((int(number), data))
        else:
            self.others.append((name, data))

    def wait(self, condition):
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), WAIT_SECONDS_MAX), (len(self.events), self.others)

    def close(self):
        self.is_leaving = True
        self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.connection.close()


def assert_holds(viewer: Viewer, events: list[bytes], first: int):
    assert [number for number, _ in viewer.events] == list(range(first, len(events)))
    assert [data for _, data in viewer.events] == events[first:]


def test_whoever_joins_whenever_gets_every_event_once(daemon):
    recording = daemon.begin()
    events = some(1_200)
    chance = random.Random(7)
    viewers: list[Viewer] = []
    batches = [events[start : start + 4] for start in range(0, len(events), 4)]
    join_at = sorted(chance.sample(range(len(batches)), 12))
    connection = daemon.connect()

    def join():
        viewers.append(Viewer(daemon, recording, "?first=0"))

    joining = []
    for index, batch in enumerate(batches):
        if index in join_at:
            joining.append(threading.Thread(target=join))
            joining[-1].start()
        assert daemon.post(recording, batch, "w", index, connection=connection).status == 201
        # A repeat is not sent again.
        if index % 50 == 0:
            assert daemon.post(recording, batch, "w", index, connection=connection).status == 200
    for thread in joining:
        thread.join()
    assert daemon.ask("POST", f"/v1/recordings/{recording}/end").status == 200
    assert len(viewers) == 12
    for viewer in viewers:
        viewer.wait(lambda it: it.is_over)
        assert_holds(viewer, events, 0)
        assert viewer.others[-1] == (b"end", b'{"reason":"ended"}')


def test_a_viewer_comes_again_where_it_left(daemon):
    recording = daemon.begin()
    events = some(30)
    assert daemon.post(recording, events[:10]).status == 201
    viewer = Viewer(daemon, recording, "?first=0")
    viewer.wait(lambda it: len(it.events) == 10)
    viewer.close()
    assert daemon.post(recording, events[10:20]).status == 201
    again = Viewer(daemon, recording, "?first=0", {"Last-Event-ID": "9"})
    again.wait(lambda it: len(it.events) == 10)
    assert daemon.post(recording, events[20:]).status == 201
    again.wait(lambda it: len(it.events) == 20)
    assert_holds(again, events, 10)


def test_it_begins_with_the_chunk_of_the_last_full_snapshot(daemon):
    recording = daemon.begin()
    events = [one(0, kind=4), one(1, kind=2), one(2), one(3), one(4, kind=4), one(5, kind=2), one(6), one(7)]
    for start in range(0, 8, 2):
        assert daemon.post(recording, events[start : start + 2]).status == 201
    viewer = Viewer(daemon, recording)
    viewer.wait(lambda it: len(it.events) == 4)
    assert viewer.others == [(b"begin", b'{"first":4,"events":8}')]
    assert_holds(viewer, events, 4)


def test_the_end_is_told_whatever_it_is(daemon):
    ended, erased = daemon.begin(), daemon.begin()
    for recording in (ended, erased):
        assert daemon.post(recording, some(2)).status == 201
    viewers = [Viewer(daemon, recording) for recording in (ended, erased)]
    for viewer in viewers:
        viewer.wait(lambda it: len(it.events) == 2)
    assert daemon.ask("POST", f"/v1/recordings/{ended}/end").status == 200
    assert daemon.ask("DELETE", f"/v1/recordings/{erased}").status == 200
    for viewer, reason in zip(viewers, (b"ended", b"erased")):
        viewer.wait(lambda it: it.is_over)
        assert viewer.others[-1] == (b"end", b'{"reason":"%s"}' % reason)
    late = Viewer(daemon, ended, "?first=1")
    late.wait(lambda it: it.is_over)
    assert [number for number, _ in late.events] == [1]


def test_a_viewer_that_does_not_read_keeps_nobody_waiting(daemon):
    recording = daemon.begin()
    connected = daemon.raw_socket()
    connected.sendall(f"GET /v1/recordings/{recording}/live?first=0 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    quick = Viewer(daemon, recording, "?first=0")
    padding = b'{"x":"%s"}' % (b"y" * 200_000)
    events = [one(index, padding) for index in range(100)]
    for event in events:
        assert daemon.post(recording, [event]).status == 201
    quick.wait(lambda it: len(it.events) == 100)
    assert_holds(quick, events, 0)
    assert daemon.ask("POST", f"/v1/recordings/{recording}/end").status == 200
    # What it comes for late is all there.
    answer = Answer.read(connected)
    assert answer.body.count(b"\nid: ") + answer.body.startswith(b"id: ") == 100
    assert answer.body.endswith(b'event: end\ndata: {"reason":"ended"}\n\n')


def test_watching_wants_the_token_and_a_recording(daemon):
    recording = daemon.begin()
    target = f"/v1/recordings/{recording}/live"
    assert daemon.ask_tcp("GET", target).problem == "missing-token"
    assert daemon.ask("HEAD", target).status == 200
    assert daemon.ask("GET", "/v1/recordings/99/live").problem == "unknown-recording"
    assert daemon.ask("GET", f"{target}?first=x").problem == "bad-query"
    assert daemon.ask("GET", target, headers={"Last-Event-ID": "x"}).problem == "bad-query"


@pytest.mark.parametrize("count", [1, 40])
def test_viewers_do_not_keep_the_daemon_from_stopping(household, count):
    daemon = household.start()
    recording = daemon.begin()
    assert daemon.post(recording, some(3)).status == 201
    viewers = [Viewer(daemon, recording) for _ in range(count)]
    for viewer in viewers:
        viewer.wait(lambda it: len(it.events) == 3)
    assert daemon.stop() == 0
    for viewer in viewers:
        viewer.wait(lambda it: it.is_over)
        assert all(name != b"end" for name, _ in viewer.others)
