"""Numbered batches: stored exactly once however often, in whatever order and beside whatever else they come."""

import http.client
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from daemon import Answer
from events import assert_holds, cut, one, some


def stored(daemon, number) -> list[bytes]:
    text = daemon.events_text(number)
    events = cut(text)
    assert_holds(text, events)
    return events


def nothing(daemon, number):
    pass


def restart(daemon, number):
    daemon.restart()


def kill(daemon, number):
    daemon.kill()
    daemon.start()


def compact(daemon, number):
    for index in range(80):
        daemon.post(number, some(1, first=1000 + index), "filler", index)
    daemon.reeld("vacuum")


def end(daemon, number):
    daemon.reeld("end", str(number))


@pytest.mark.parametrize("steps", [[nothing], [restart], [kill], [compact], [end], [compact, end, compact, kill]],
                         ids=lambda steps: "-".join(step.__name__ for step in steps))  # fmt: skip
def test_a_batch_that_arrives_twice_gets_its_first_answer_again(daemon, steps):
    number = daemon.begin()
    daemon.post(number, some(7), "other", 0)
    first = daemon.post(number, some(5, first=100), "w", 3)
    assert first.status == 201
    for step in steps:
        step(daemon, number)
    count = daemon.show(number)["events"]
    again = daemon.post(number, some(5, first=100), "w", 3)
    assert again.status == 200, again.body
    assert again.json == first.json | {"duplicate": True} == {
        "recording": number, "first": 7, "count": 5, "dropped": 0, "duplicate": True,
    }  # fmt: skip
    assert daemon.show(number)["events"] == count


@pytest.mark.parametrize("steps", [[nothing], [restart], [compact], [end]], ids=lambda steps: steps[0].__name__)
def test_another_body_under_the_same_number_is_a_conflict(daemon, steps):
    number = daemon.begin()
    assert daemon.post(number, some(5), "w", 3).status == 201
    for step in steps:
        step(daemon, number)
    before = daemon.figures(), daemon.show(number)["events"]
    answer = daemon.post(number, some(6), "w", 3)
    assert (answer.status, answer.problem) == (409, "batch-conflict")
    assert answer.json["first"] == 0 and answer.json["count"] == 5 and answer.json["retry"] is False
    assert (daemon.figures(), daemon.show(number)["events"]) == before


def test_the_same_number_of_other_writers_and_recordings_is_another_batch(daemon):
    one_number, other = daemon.begin(), daemon.begin()
    for number, writer in ((one_number, "a"), (one_number, "b"), (other, "a")):
        assert daemon.post(number, some(2), writer, 1).status == 201
    assert daemon.show(one_number)["events"] == 4 and daemon.show(other)["events"] == 2


def test_header_and_envelope_number_the_same_batch(daemon):
    number = daemon.begin()
    body = b'{"writer":"w","batch":9,"events":[' + one(1) + b"]}"
    assert daemon.post(number, body).status == 201
    assert daemon.post(number, [one(1)], "w", 9).status == 200


def test_numbers_may_come_in_any_order(daemon):
    number = daemon.begin()
    order = [5, 0, 9, 1, (1 << 63) - 1024, 7]
    for batch in order[:4] + order[5:]:
        assert daemon.post(number, some(2, first=10 * (batch % 100)), "w", batch).status == 201
    assert daemon.post(number, some(2, first=500), "w", order[4]).status == 201
    assert stored(daemon, number)[:2] == some(2, first=50)
    assert daemon.show(number)["events"] == 12


def test_a_number_that_is_forgotten_is_refused_rather_than_stored_twice(daemon):
    number = daemon.begin()
    connection = daemon.connect()
    for batch in range(1030):
        assert daemon.post(number, [one(batch)], "w", batch, connection=connection).status == 201
    before = daemon.figures()
    answer = daemon.post(number, [one(0)], "w", 0)
    assert (answer.status, answer.problem) == (409, "batch-too-old")
    assert answer.json["oldest"] <= 1030 - 1024
    assert daemon.post(number, [one(1029)], "w", 1029).status == 200
    assert daemon.post(number, [one(100)], "w", 100).status == 200
    assert daemon.figures() == before


def test_duplicates_in_flight_wait_for_the_one_commit(daemon):
    number = daemon.begin()
    events = some(500)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda batch: daemon.post(number, events, "w", batch // 16), range(64)))
    assert sorted(answer.status for answer in answers) == [200] * 60 + [201] * 4
    for batch in range(4):
        firsts = {answer.json["first"] for answer in answers[batch * 16 : batch * 16 + 16]}
        assert len(firsts) == 1
    assert stored(daemon, number) == events * 4


def test_batches_after_the_end_are_refused_with_the_reason(household):
    daemon = household.start(configuration="[recording]\ngrace = 0s\n")
    number = daemon.begin()
    assert daemon.post(number, some(3), "w", 1).status == 201
    daemon.reeld("end", str(number))
    before = daemon.figures()
    for writer, batch in (("w", 2), ("x", 1), (None, None)):
        answer = daemon.post(number, some(3, first=10), writer, batch)
        assert (answer.status, answer.problem) == (409, "recording-ended")
        assert answer.json["reason"] == "request" and answer.json["ended"] and answer.json["retry"] is False
    assert daemon.figures() == before
    assert daemon.post(number, some(3), "w", 1).status == 200


def test_late_batches_are_taken_in_the_grace_period(daemon):
    number = daemon.begin()
    assert daemon.post(number, some(3), "w", 1).status == 201
    daemon.reeld("end", str(number))
    assert daemon.post(number, some(3, first=3), "w", 2).status == 201
    assert stored(daemon, number) == some(6)


def test_after_erasure_everything_about_a_recording_is_gone(daemon):
    number, other = daemon.begin(user="zoe"), daemon.begin()
    daemon.post(number, some(3), "w", 1)
    daemon.reeld("erase", "--yes", str(number))
    for again in range(2):
        before = daemon.figures()
        for method, rest, body in (
            ("GET", "", None), ("GET", "/events", None), ("GET", "/chunks", None), ("GET", "/chunks/0", None),
            ("POST", "/events", b"[" + one(1) + b"]"), ("PATCH", "", b'{"user":"x"}'), ("POST", "/end", None),
        ):  # fmt: skip
            headers = {"Content-Type": "application/json"} if body else {}
            answer = daemon.ask(method, f"/v1/recordings/{number}{rest}", body, headers)
            assert (answer.status, answer.problem) == (410, "erased"), (method, rest)
            assert answer.json["erased"]
        assert daemon.ask("GET", f"/api/events?activity_id={number}").status == 404
        assert daemon.figures() == before
        assert [row["number"] for row in daemon.ask("GET", "/v1/recordings").json["recordings"]] == [other]
        kill(daemon, number)


def test_while_stopping_a_batch_is_answered_or_refused_and_never_half_stored(daemon):
    numbers = [daemon.begin() for _ in range(4)]
    outcomes = {number: [] for number in numbers}

    def write(number):
        connection = daemon.connect()
        for batch in range(100_000):
            try:
                status = daemon.post(number, some(20, first=20 * batch), "w", batch, connection=connection).status
            except (OSError, http.client.HTTPException):
                status = None
            outcomes[number].append(status)
            if status != 201:
                return

    threads = [threading.Thread(target=write, args=(number,)) for number in numbers]
    # Half a body waits on the wire when the signal comes; its rest arrives after.
    half = daemon.begin()
    body = b"[" + b",".join(some(1000)) + b"]"
    with daemon.raw_socket() as connected:
        connected.sendall(
            b"POST /v1/recordings/%d/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % (half, len(body)) + body[: len(body) // 2]
        )
        for thread in threads:
            thread.start()
        while min(len(outcomes[number]) for number in numbers) < 20:
            threads[0].join(0.01)
        daemon.signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        try:
            connected.sendall(body[len(body) // 2 :])
            half_status = Answer.read(connected).status
        except (OSError, http.client.HTTPException):
            half_status = None
    assert daemon.wait() == 0
    daemon.start()
    for number in numbers:
        statuses = outcomes[number]
        assert statuses[-1] in (None, 503) and set(statuses[:-1]) == {201}
        events = stored(daemon, number)
        acknowledged = some(20 * (len(statuses) - 1))
        # The last one, without an answer, is there whole or not at all.
        assert events in (acknowledged, acknowledged + some(20, first=len(acknowledged)))
        if statuses[-1] == 503:
            assert events == acknowledged
    assert half_status in (201, 503, None)
    expected = {201: [1000], 503: [0], None: [0, 1000]}[half_status]
    assert daemon.show(half)["events"] in expected
    assert daemon.stop() == 0
    daemon.reeld_store("verify")
