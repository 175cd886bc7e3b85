"""kill -9 under load, again and again: what was acknowledged is there exactly once, byte for byte."""

import http.client
import os
import random
import threading
import time

from events import assert_holds, cut, one

ROUNDS = int(os.environ.get("REELD_KILL_ROUNDS", "12"))
WRITERS = 6
RECORDINGS = 3


class Writer:
    """Sends numbered batches to one recording, each until it is answered, and remembers what was."""

    def __init__(self, daemon, name: str, recording: int, seed: int):
        self.daemon, self.name, self.recording = daemon, name, recording
        self.random = random.Random(seed)
        self.batch = 0
        self.pending: list[bytes] | None = None
        # Of each acknowledged batch: the ordinal of its first event, and its events.
        self.acknowledged: list[tuple[int, list[bytes]]] = []

    def next_batch(self) -> list[bytes]:
        base = int(self.name) * 100_000_000 + self.batch * 1_000
        count = self.random.choice([1, 3, 20, 50])
        text = self.random.choice([b"{}", b'"%s"' % (b"text " * 200), b'"\\u00e9 \xc3\xa9"', b"[1.0, 1e3 , {}]"])
        return [one(base + index, text) for index in range(count)]

    def send(self, connection):
        """Sends the batch that has no answer yet; raises when the daemon is gone."""
        self.pending = self.pending or self.next_batch()
        answer = self.daemon.post(self.recording, self.pending, self.name, self.batch, connection=connection)
        assert answer.status in (200, 201), answer.body
        assert answer.json["count"] == len(self.pending)
        self.acknowledged.append((answer.json["first"], self.pending))
        self.pending, self.batch = None, self.batch + 1
        return answer

    def run(self, failures: list):
        try:
            connection = self.daemon.connect()
            while True:
                self.send(connection)
        except (OSError, http.client.HTTPException):
            pass
        except AssertionError as error:
            failures.append(error)


def check(daemon, writers):
    """That each recording is its acknowledged batches at their ordinals, and nothing else."""
    for recording in {writer.recording for writer in writers}:
        mine = [writer for writer in writers if writer.recording == recording]
        batches = sorted(batch for writer in mine for batch in writer.acknowledged)
        expected = []
        for first, events in batches:
            assert first == len(expected), f"a batch at {first}, while {len(expected)} events come before it"
            expected += events
        assert_holds(daemon.events_text(recording), expected)
        assert daemon.show(recording)["events"] == len(expected)


def test_kill_9_at_any_moment_loses_and_doubles_nothing(household):
    seed = int(os.environ.get("REELD_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"REELD_SEED={seed}")
    chance = random.Random(seed)
    # Small segments, so that the kills meet rotation and compaction too.
    daemon = household.start(configuration="[store]\nsegment_size = 1M\n[compaction]\nsmall_frames = 16\n")
    recordings = [daemon.begin() for _ in range(RECORDINGS)]
    writers = [
        Writer(daemon, str(index), recordings[index % RECORDINGS], chance.randrange(1 << 32)) for index in range(WRITERS)
    ]
    for round_number in range(ROUNDS):
        failures: list = []
        threads = [threading.Thread(target=writer.run, args=(failures,)) for writer in writers]
        if round_number % 3 == 2:
            threads.append(threading.Thread(target=compact, args=(daemon,)))
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.05, 0.8))
        daemon.kill()
        for thread in threads:
            thread.join()
        assert not failures, failures
        daemon.start()
        # What had no answer is sent again: there once, whether the kill came before its commit or after.
        connection = daemon.connect()
        for writer in writers:
            if writer.pending:
                writer.send(connection)
        check(daemon, writers)

    # After a crash too the index is what the log says.
    daemon.kill()
    assert b"sound" in daemon.reeld_store("verify").stdout
    dump = daemon.reeld_store("index", "dump").stdout
    daemon.reeld_store("index", "rebuild")
    assert daemon.reeld_store("index", "dump").stdout == dump
    assert dump.count(b"\n") > RECORDINGS
    daemon.start()
    check(daemon, writers)


def compact(daemon):
    try:
        daemon.ask("POST", "/v1/store/compact")
    except (OSError, http.client.HTTPException):
        pass


def test_a_crash_while_recordings_begin_forgets_none_and_gives_no_number_twice(household):
    daemon = household.start()
    begun: dict[int, str] = {}
    for _ in range(5):
        round_begun = []

        def begin():
            try:
                while True:
                    round_begun.append(daemon.begin_whole())
            except (OSError, http.client.HTTPException):
                pass

        threads = [threading.Thread(target=begin) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.15)
        daemon.kill()
        for thread in threads:
            thread.join()
        daemon.start()
        for answer in round_begun:
            assert answer["number"] not in begun
            begun[answer["number"]] = answer["id"]
    listed, cursor = {}, ""
    while cursor is not None:
        page = daemon.ask("GET", f"/v1/recordings?limit=1000{cursor}").json
        listed |= {row["number"]: row["id"] for row in page["recordings"]}
        cursor = page["next"] and f"&cursor={page['next']}"
    assert begun.items() <= listed.items()
    # Beyond those only what was begun without an answer: at most one of each thread and round.
    assert len(listed) - len(begun) <= 4 * 5


def test_a_torn_last_frame_is_cut_off_and_the_rest_kept(household):
    daemon = household.start()
    number = daemon.begin()
    events = [one(index, b'"%s"' % os.urandom(200).hex().encode()) for index in range(20)]
    for index, event in enumerate(events):
        assert daemon.post(number, [event], "w", index).status == 201
    daemon.kill()
    (segment,) = sorted((daemon.store / "log").glob("*.seg"))[-1:]
    with segment.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        size = file.tell()
        # The file may be longer than what was written into it: the end is where the last event's frame is.
        data = segment.read_bytes().rstrip(b"\0")
        file.truncate(len(data) - 10)
    assert size > 0
    daemon.start()
    kept = cut(daemon.events_text(number))
    assert kept == events[:19]
    assert daemon.post(number, [events[19]], "w", 19).status == 201
    assert_holds(daemon.events_text(number), events)
    assert daemon.stop() == 0
    assert b"sound" in daemon.reeld_store("verify").stdout
