"""Damage on the disk: it costs the frame it hit, and is told; a document that lacks events never looks whole."""

import gzip
import http.client
import json
import os

import pytest

from events import assert_holds, assert_lines, one

BATCHES = 30
DAMAGED = 12
FAILURE = 1


def batch(index: int) -> list[bytes]:
    # Random text, so that the middle of the frame is nothing but this batch.
    return [one(10 * index + position, b'"%s"' % os.urandom(2000).hex().encode()) for position in range(10)]


@pytest.fixture
def damaged(household):
    """A daemon on a store in which one byte of one batch has changed; and that batch's place in it."""
    daemon = household.start(configuration="[compaction]\nautomatic = no\n")
    daemon.number, daemon.other = daemon.begin(), daemon.begin()
    daemon.batches = [batch(index) for index in range(BATCHES)]
    (segment,) = (daemon.store / "log").glob("*.seg")
    for index, events in enumerate(daemon.batches):
        before = len(segment.read_bytes().rstrip(b"\0"))
        assert daemon.post(daemon.number, events, "w", index).status == 201
        if index == DAMAGED:
            offset = (before + len(segment.read_bytes().rstrip(b"\0"))) // 2
    assert daemon.post(daemon.other, batch(99)).status == 201
    assert daemon.stop() == 0
    with segment.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))
    daemon.segment = segment.name
    return daemon.start()


def flat(batches) -> list[bytes]:
    return [event for events in batches for event in events]


@pytest.mark.parametrize("coding", ["gzip", "identity"])
@pytest.mark.parametrize("target", ["/v1/recordings/{}/events", "/api/events?activity_id={}"])
def test_a_whole_recording_with_damage_breaks_off(damaged, target, coding):
    target = target.format(damaged.number)
    with pytest.raises(http.client.HTTPException):
        answer = damaged.ask("GET", target, headers={"Accept-Encoding": coding})
        # Or refused before the first byte; never 200 with a document that ends.
        assert answer.status == 500 and answer.problem == "damaged"
        raise http.client.HTTPException


def test_damaged_skip_serves_the_rest(damaged):
    sound = flat(events for index, events in enumerate(damaged.batches) if index != DAMAGED)
    target = f"/v1/recordings/{damaged.number}/events?damaged=skip"
    assert_holds(damaged.ask("GET", target).body, sound)
    packed = damaged.ask("GET", target, headers={"Accept-Encoding": "gzip"})
    assert_holds(gzip.decompress(packed.body) if packed.headers["Content-Encoding"] else packed.body, sound)
    assert_lines(damaged.reeld("cat", str(damaged.number), "--skip-damaged").stdout, sound)
    player = damaged.ask("GET", f"/api/events?activity_id={damaged.number}&damaged=skip")
    assert player.status == 200 and player.body.startswith(b'{"events":[') and player.body.endswith(b"]}")
    assert_holds(player.body[len(b'{"events":') : -1], sound)


def test_the_chunk_table_lists_the_gap_and_the_other_chunks_are_served(damaged):
    target = f"/v1/recordings/{damaged.number}/chunks"
    table = damaged.ask("GET", f"{target}?damaged=skip").json
    assert [(gap["first"], gap["count"]) for gap in table["gaps"]] == [(10 * DAMAGED, 10)]
    assert len(table["chunks"]) == BATCHES - 1
    for chunk in table["chunks"]:
        answer = damaged.ask("GET", f"{target}/{chunk['first']}")
        assert_holds(answer.body, damaged.batches[chunk["first"] // 10])
    answer = damaged.ask("GET", f"{target}/{10 * DAMAGED}")
    assert (answer.status, answer.problem) == (500, "damaged")
    assert damaged.segment in json.dumps(answer.json) or answer.json["file"]


def test_cat_prints_what_comes_before_and_fails(damaged):
    done = damaged.reeld("cat", str(damaged.number), exit_code=FAILURE)
    assert done.stderr.startswith(b"reeld cat: ")
    printed = done.stdout.splitlines()
    assert printed == flat(damaged.batches)[: len(printed)] and len(printed) <= 10 * DAMAGED


def test_an_export_that_meets_damage_leaves_no_file(damaged, tmp_path):
    damaged.reeld("export", str(damaged.number), str(tmp_path / "x.json"), exit_code=FAILURE)
    assert os.listdir(tmp_path) == []


def test_everything_else_is_served_and_written_as_before(damaged):
    assert damaged.ask("GET", f"/v1/recordings/{damaged.other}/events").status == 200
    assert damaged.post(damaged.number, [one(5000)], "w", BATCHES).status == 201
    # A repeat of the damaged batch still gets its first answer: its number lives on.
    again = damaged.post(damaged.number, damaged.batches[DAMAGED], "w", DAMAGED)
    assert again.status == 200 and again.json["first"] == 10 * DAMAGED


def test_compaction_keeps_what_is_sound_and_does_not_hide_the_damage(damaged):
    for number in (damaged.number, damaged.other):
        damaged.reeld("end", str(number))
    damaged.ask("POST", "/v1/store/compact")
    sound = flat(events for index, events in enumerate(damaged.batches) if index != DAMAGED)
    assert_holds(damaged.ask("GET", f"/v1/recordings/{damaged.number}/events?damaged=skip").body, sound)
    assert damaged.ask("GET", f"/v1/recordings/{damaged.other}/events").status == 200
    assert damaged.stop() == 0
    damaged.reeld_store("verify", exit_code=FAILURE)


def test_a_list_says_what_it_leaves_out(daemon):
    numbers = [daemon.begin(user="zoe") for _ in range(3)]
    assert daemon.stop() == 0
    daemon.process = None
    segment = next((daemon.store / "log").iterdir())
    log = bytearray(segment.read_bytes())
    # A byte of the second recording's metadata: its frame is the third, behind the state and the first start.
    at = 0
    for _ in range(2):
        at += (192 + int.from_bytes(log[at + 84 : at + 88], "little") + 7) // 8 * 8
    log[at + 200] ^= 1
    segment.write_bytes(log)
    daemon.start()
    done = daemon.reeld("ls", "-o", "json")
    assert len(done.stdout.splitlines()) == len(numbers) - 1
    assert b"left out, as it could not be read: 1 recording" in done.stderr and segment.name.encode() in done.stderr
