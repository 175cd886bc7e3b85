"""Real recordings go in by curl, in batches of 50 in every form there is, and every event comes out byte for byte."""

import gzip
import json
import shutil

import pytest

from events import assert_holds, assert_lines

BATCH = 50


def send_array(daemon, recording, events, index):
    post(daemon, recording, b"[" + b",".join(events) + b"]", "application/json")


def send_gzip(daemon, recording, events, index):
    body = gzip.compress(b"[\n  " + b" ,\n  ".join(events) + b"\n]\n")
    post(daemon, recording, body, "application/json", "Content-Encoding: gzip")


def send_lines(daemon, recording, events, index):
    # NDJSON has a line an event: line ends inside an event, which JSON allows, would cut it.
    if any(b"\n" in event or b"\r" in event for event in events):
        return send_array(daemon, recording, events, index)
    post(daemon, recording, b"\n".join(events), "application/x-ndjson")


def send_envelope(daemon, recording, events, index):
    body = b'{"writer":"curl","batch":%d,"events":[' % index + b",".join(events) + b"]}"
    post(daemon, recording, body, "application/json")


FORMS = [send_array, send_gzip, send_lines, send_envelope]


def post(daemon, recording, body, content_type, *headers):
    arguments = [word for header in headers for word in ("--header", header)]
    answer = daemon.curl(
        "--data-binary", "@-", "--header", f"Content-Type: {content_type}", *arguments,
        f"http://localhost/v1/recordings/{recording}/events", body=body,
    )  # fmt: skip
    assert json.loads(answer)["duplicate"] is False


def upload(daemon, recordings) -> dict[int, list[bytes]]:
    """Sends all recordings, their batches taking turns in form; the events by recording number."""
    sent = {}
    for name, events in recordings.items():
        number = daemon.begin(activity=name)
        for index, first in enumerate(range(0, len(events), BATCH)):
            FORMS[(number + index) % len(FORMS)](daemon, number, events[first : first + BATCH], index)
        sent[number] = events
    return sent


def compact(daemon):
    daemon.reeld("vacuum")


def end(daemon):
    for recording in daemon.ask("GET", "/v1/recordings?limit=1000").json["recordings"]:
        daemon.reeld("end", str(recording["number"]))


def kill(daemon):
    daemon.kill()
    daemon.start()


def restart(daemon):
    daemon.restart()


def lose_index(daemon):
    assert daemon.stop() == 0
    shutil.rmtree(daemon.store / "index")
    daemon.start()


def kill_and_lose_index(daemon):
    daemon.kill()
    shutil.rmtree(daemon.store / "index")
    daemon.start()


HISTORIES = [
    [],
    [kill],
    [lose_index],
    [kill_and_lose_index],
    [compact, kill],
    [end, compact, restart, compact, kill_and_lose_index],
]


def check_whole(daemon, number, events):
    target = f"/v1/recordings/{number}/events"
    assert_holds(daemon.ask("GET", target).body, events)
    packed = daemon.ask("GET", target, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert_holds(gzip.decompress(packed.body), events)


def check_player(daemon, number, events):
    target = f"/api/events?activity_id={number}"
    assert_holds(daemon.ask("GET", target).body, events, b'{"events":[', b"]}")
    packed = daemon.ask("GET", target, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert_holds(gzip.decompress(packed.body), events, b'{"events":[', b"]}")


def check_chunks(daemon, number, events):
    table = daemon.ask("GET", f"/v1/recordings/{number}/chunks").json
    assert table["events"] == len(events)
    connection = daemon.connect()
    ordinal = 0
    for index, chunk in enumerate(table["chunks"]):
        assert chunk["first"] == ordinal
        expected = events[ordinal : ordinal + chunk["count"]]
        target = f"/v1/recordings/{number}/chunks/{ordinal}?generation={table['generation']}"
        coding = {"Accept-Encoding": "gzip"} if index % 2 == 0 else {}
        answer = daemon.ask("GET", target, headers=coding, connection=connection)
        assert answer.status == 200, answer.body
        assert_holds(gzip.decompress(answer.body) if coding else answer.body, expected)
        ordinal += chunk["count"]
    assert ordinal == len(events)
    connection.close()


def check_cat(daemon, number, events):
    assert_lines(daemon.reeld("cat", str(number)).stdout, events)


@pytest.mark.parametrize("history", HISTORIES, ids=lambda steps: "-".join(s.__name__ for s in steps) or "fresh")
def test_every_event_comes_out_byte_for_byte_and_in_order(daemon, recordings, history):
    sent = upload(daemon, recordings)
    for step in history:
        step(daemon)
    for number, events in sent.items():
        assert daemon.show(number)["events"] == len(events)
        for check in (check_whole, check_player, check_chunks, check_cat):
            check(daemon, number, events)
    assert daemon.stop() == 0
    daemon.reeld_store("verify")


def test_chunks_of_an_older_table_are_refused_after_a_compaction(daemon, recordings):
    events = recordings["posthog-player-homepage.json"]
    sent = upload(daemon, {"one": events})
    (number,) = sent
    table = daemon.ask("GET", f"/v1/recordings/{number}/chunks").json
    end(daemon)
    compact(daemon)
    assert daemon.show(number)["generation"] > table["generation"]
    answer = daemon.ask("GET", f"/v1/recordings/{number}/chunks/0?generation={table['generation']}")
    assert (answer.status, answer.problem) == (409, "stale-chunk-table")
    check_chunks(daemon, number, events)


def test_compaction_packs_as_dense_as_gzip_6_of_whole_recordings(daemon, recordings):
    sent = upload(daemon, recordings)
    end(daemon)
    compact(daemon)
    plain = sum(len(gzip.compress(b"[" + b",".join(events) + b"]", 6)) for events in sent.values())
    assert daemon.figures()["log_bytes"] <= plain * 1.02 + 600 * len(sent)
