"""`/v1/recordings/{r}/live`: each durable event once, in order, to whoever joins whenever, by either way of being told."""

import random
import threading

import pytest

from daemon import Answer
from events import one, some
from viewers import VIEWERS, EventStreamViewer, WebSocketViewer

kinds = pytest.mark.parametrize("kind", VIEWERS)


def live(recording, query: str = "") -> str:
    return f"/v1/recordings/{recording}/live{query}"


@kinds
def test_whoever_joins_whenever_gets_every_event_once(daemon, kind):
    recording = daemon.begin()
    events = some(1_200)
    chance = random.Random(7)
    viewers: list = []
    batches = [events[start : start + 4] for start in range(0, len(events), 4)]
    join_at = sorted(chance.sample(range(len(batches)), 12))
    connection = daemon.connect()

    def join():
        viewers.append(kind(daemon, live(recording, "?first=0")))

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
        viewer.assert_holds(events)
        assert viewer.others[-1] == ("end", {"reason": "ended"}) and not viewer.is_cut


def test_a_viewer_comes_again_where_it_left(daemon):
    recording = daemon.begin()
    events = some(30)
    assert daemon.post(recording, events[:10]).status == 201
    viewer = EventStreamViewer(daemon, live(recording, "?first=0"))
    viewer.wait(lambda it: len(it.events) == 10)
    viewer.close()
    assert daemon.post(recording, events[10:20]).status == 201
    again = EventStreamViewer(daemon, live(recording, "?first=0"), {"Last-Event-ID": "9"})
    again.wait(lambda it: len(it.events) == 10)
    assert daemon.post(recording, events[20:]).status == 201
    again.wait(lambda it: len(it.events) == 20)
    again.assert_holds(events, 10)


@kinds
def test_it_begins_with_the_chunk_of_the_last_full_snapshot(daemon, kind):
    recording = daemon.begin()
    events = [one(0, kind=4), one(1, kind=2), one(2), one(3), one(4, kind=4), one(5, kind=2), one(6), one(7)]
    for start in range(0, 8, 2):
        assert daemon.post(recording, events[start : start + 2]).status == 201
    viewer = kind(daemon, live(recording))
    viewer.wait(lambda it: len(it.events) == 4)
    assert viewer.others == [("begin", {"first": 4, "events": 8})]
    viewer.assert_holds(events, 4)


@kinds
def test_the_end_is_told_whatever_it_is(daemon, kind):
    ended, erased = daemon.begin(), daemon.begin()
    for recording in (ended, erased):
        assert daemon.post(recording, some(2)).status == 201
    viewers = [kind(daemon, live(recording)) for recording in (ended, erased)]
    for viewer in viewers:
        viewer.wait(lambda it: len(it.events) == 2)
    assert daemon.ask("POST", f"/v1/recordings/{ended}/end").status == 200
    assert daemon.ask("DELETE", f"/v1/recordings/{erased}").status == 200
    for viewer, reason in zip(viewers, ("ended", "erased")):
        viewer.wait(lambda it: it.is_over)
        assert viewer.others[-1] == ("end", {"reason": reason}) and not viewer.is_cut
        if kind is WebSocketViewer:
            assert viewer.close_code == 1000
    late = kind(daemon, live(ended, "?first=1"))
    late.wait(lambda it: it.is_over)
    assert [number for number, _ in late.events] == [1]


def test_a_viewer_that_does_not_read_keeps_nobody_waiting(daemon):
    recording = daemon.begin()
    connected = daemon.raw_socket()
    connected.sendall(f"GET {live(recording, '?first=0')} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    quick = EventStreamViewer(daemon, live(recording, "?first=0"))
    padding = b'{"x":"%s"}' % (b"y" * 200_000)
    events = [one(index, padding) for index in range(100)]
    for event in events:
        assert daemon.post(recording, [event]).status == 201
    quick.wait(lambda it: len(it.events) == 100)
    quick.assert_holds(events)
    assert daemon.ask("POST", f"/v1/recordings/{recording}/end").status == 200
    # What it comes for late is all there.
    answer = Answer.read(connected)
    assert answer.body.count(b"\nid: ") + answer.body.startswith(b"id: ") == 100
    assert answer.body.endswith(b'event: end\ndata: {"reason":"ended"}\n\n')


def test_watching_wants_the_token_and_a_recording(daemon):
    recording = daemon.begin()
    target = live(recording)
    assert daemon.ask_tcp("GET", target).problem == "missing-token"
    assert daemon.ask("HEAD", target).status == 200
    assert daemon.ask("GET", live(99)).problem == "unknown-recording"
    assert daemon.ask("GET", f"{target}?first=x").problem == "bad-query"
    assert daemon.ask("GET", target, headers={"Last-Event-ID": "x"}).problem == "bad-query"


@kinds
@pytest.mark.parametrize("count", [1, 40])
def test_viewers_do_not_keep_the_daemon_from_stopping(household, kind, count):
    daemon = household.start()
    recording = daemon.begin()
    assert daemon.post(recording, some(3)).status == 201
    viewers = [kind(daemon, live(recording)) for _ in range(count)]
    for viewer in viewers:
        viewer.wait(lambda it: len(it.events) == 3)
    assert daemon.stop() == 0
    for viewer in viewers:
        viewer.wait(lambda it: it.is_over)
        assert all(name != "end" for name, _ in viewer.others) and not viewer.is_cut
        if kind is WebSocketViewer:
            assert viewer.close_code == 1001


def test_viewers_and_what_they_wait_are_in_the_metrics(household):
    daemon = household.start()
    recording = daemon.begin()
    assert daemon.post(recording, some(3)).status == 201
    viewers = [kind(daemon, live(recording)) for kind in VIEWERS * 2] + [EventStreamViewer(daemon, "/v1/live")]
    for viewer in viewers[:4]:
        viewer.wait(lambda it: len(it.events) == 3)
    viewers[4].wait(lambda it: it.others)
    metrics = daemon.metrics()
    assert metrics['reeld_live_viewers{of="recording"}'] == 4
    assert metrics['reeld_live_viewers{of="list"}'] == 1
    assert metrics["reeld_live_lag_seconds_count"] == 0, "what was there before is not late"
    assert daemon.post(recording, some(2)).status == 201
    for viewer in viewers[:4]:
        viewer.wait(lambda it: len(it.events) == 5)
    # Counted when the connection has taken it, a moment before or after the viewer has it.
    while daemon.metrics()["reeld_live_lag_seconds_count"] < 4:
        pass
    for viewer in viewers:
        viewer.close()
    while daemon.metrics()['reeld_live_viewers{of="recording"}'] > 0:
        pass
