"""A client under load: one operation at a time, each repeated until it has an answer, however often the daemon dies."""

import base64
import gzip
import http.client
import json
import os
import random
import threading
import time
from collections import Counter, deque

from checker import match
from events import uuid7
from ledger import GLUE, Batch, Ledger, Recording, mark

JSON = {"Content-Type": "application/json"}
RECENT_BATCHES = 40


def seed() -> int:
    """The seed a run was asked to repeat, or a new one."""
    return int(os.environ.get("REELD_SEED") or random.SystemRandom().getrandbits(32))


class Unanswered(Exception):
    """The daemon is gone, is stopping, or has no room: ask again."""


class Load:
    """What the workers of a run share: where the daemon is, what to do how often, and the ledger."""

    def __init__(self, daemon, ledger: Ledger, weights: dict[str, int], *, open_recordings: int = 6,
                 kept_recordings: int = 120, batches_a_recording: int = 60):  # fmt: skip
        self.daemon = daemon
        self.ledger = ledger
        self.weights = weights
        self.open_recordings = open_recordings
        self.kept_recordings = kept_recordings
        self.batches_a_recording = batches_a_recording
        self.counts: Counter = Counter()
        self.failures: list[str] = []
        self.stopping = threading.Event()
        # Read once a start: both change with it or are made by it.
        self.port = self.token = None

    def attach(self):
        """After a start of the daemon."""
        self.port, self.token = self.daemon.port, self.daemon.token


class Worker:
    """One writer. Writers `0, 2 …` speak over the Unix socket, the others over TCP."""

    def __init__(self, load: Load, index: int, seed: int, only: str | None = None, pause_seconds: float = 0):
        """`only` names the one operation of a worker that does nothing else; it pauses after each."""
        self.load = load
        self.only = only
        self.pause_seconds = pause_seconds
        self.name = f"w{index}"
        self.over_tcp = index % 2 == 1
        self.random = random.Random(seed)
        self.connection: http.client.HTTPConnection | None = None
        # The operation that has no answer yet: called with how often it was tried before.
        self.pending = None
        self.tries = 0
        self.next_numbers: Counter = Counter()
        # Answered batches to send again: recording, batch, events.
        self.recent: deque = deque(maxlen=RECENT_BATCHES)

    # Its life.

    def run(self):
        """Works until the daemon is gone or the load is to stop."""
        try:
            while not self.load.stopping.is_set():
                self.step()
                if self.pause_seconds:
                    self.load.stopping.wait(self.pause_seconds)
        except Unanswered:
            pass
        except Exception as error:  # A finding too: it ends the run with its words.
            self.load.failures.append(f"{self.name}: {type(error).__name__}: {error}")
            self.load.stopping.set()
        finally:
            self.disconnect()

    def step(self):
        """One operation, the one without an answer first. Raises `Unanswered`."""
        if self.pending is None:
            self.pending, self.tries = self.choose(), 0
        tries, self.tries = self.tries, self.tries + 1
        self.pending(tries)
        self.pending = None

    def settle(self):
        """Gets the answer that is still owed."""
        try:
            while self.pending is not None:
                self.step()
        finally:
            self.disconnect()

    def disconnect(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def ask(self, method: str, target: str, body=None, headers: dict | None = None, token: str | None = None):
        """An answer that says something of the operation; else `Unanswered`."""
        daemon, load = self.load.daemon, self.load
        headers = dict(headers or {})
        if self.over_tcp:
            headers["Authorization"] = f"Bearer {token or load.token}"
        try:
            if self.connection is None:
                tcp = http.client.HTTPConnection("127.0.0.1", load.port, timeout=60)
                self.connection = tcp if self.over_tcp else daemon.connect()
            answer = daemon.ask(method, target, body, headers, self.connection)
        except (OSError, http.client.HTTPException) as error:
            self.disconnect()
            raise Unanswered from error
        if answer.status == 503:
            assert answer.json["retry"] is True and answer.problem != "outcome-unknown", answer.body
            self.load.counts[f"answer {answer.problem}"] += 1
            time.sleep(0.005)
            raise Unanswered
        return answer

    # What to do next.

    def choose(self):
        load = self.load
        if self.only is not None:
            return getattr(self, self.only)
        open_recordings = [one for one in load.ledger.kept() if one.is_open]
        if len(open_recordings) < load.open_recordings:
            return self.start()
        kind = self.random.choices(list(load.weights), list(load.weights.values()))[0]
        recording = self.random.choice(open_recordings)
        if kind == "again" and not self.recent:
            kind = "append"
        match kind:
            case "append":
                return self.append(recording)
            case "again":
                return self.again(*self.random.choice(self.recent))
            case "read":
                return self.read(self.random.choice(load.ledger.kept()))
            case "follow":
                return self.follow(self.random.choice(load.ledger.kept()))
            case "look":
                return self.look
            case "reconnect":
                return self.reconnect
            case "change":
                return self.change(recording)
            case "finish":
                return self.finish(recording)
            case "compact":
                return self.compact
        raise AssertionError(f"no operation is called {kind}")

    # The operations. Each is a function that may be called again, and checks the answer against the ledger.

    def start(self):
        recording = Recording(uuid7(self.random.getrandbits(60)))
        metadata = {"id": recording.id, "user": self.name, "project": "endurance"}
        self.load.ledger.add(recording)

        def operation(tries):
            answer = self.ask("POST", "/v1/recordings", json.dumps(metadata), JSON)
            assert answer.status == 201 or (answer.status == 200 and tries), (answer.status, answer.body)
            assert answer.json["id"] == recording.id, answer.body
            recording.metadata = {"user": self.name, "project": "endurance"}
            recording.token = answer.json["token"]
            recording.number = answer.json["number"]
            self.count("start", answer.status == 200)

        return operation

    def append(self, recording: Recording):
        number = self.next_numbers[recording.id]
        self.next_numbers[recording.id] += 1
        events = self.events(recording, number)
        batch = Batch.of(self.name, number, events)
        body, headers = self.body(batch, events)

        def operation(tries):
            # Read before asking: what is sent after the end's answer must be refused.
            had_ended, had_erased = recording.ended is not None, recording.erased is not None
            recording.batches.setdefault((self.name, number), batch)
            answer = self.send(recording, body, headers)
            if answer.status in (200, 201):
                was_there = answer.status == 200
                told = answer.json
                assert told["count"] == batch.count and told["dropped"] == 0, answer.body
                assert told["duplicate"] == was_there and told["recording"] == recording.number, answer.body
                assert not was_there or tries, f"a new batch was taken for a repeated one: {answer.body}"
                assert not had_erased and (was_there or not had_ended), f"taken after the end: {answer.body}"
                batch.first = told["first"]
                self.recent.append((recording, batch, events))
                self.count("append", was_there)
            else:
                self.assert_gone(recording, answer)
                batch.refused = True
                self.count("append refused")

        return operation

    def again(self, recording: Recording, batch: Batch, events: list[bytes]):
        is_other = self.random.random() < 0.2
        sent = [events[0][:-1] + b',"other":1}', *events[1:]] if is_other else events
        body, headers = self.body(batch, sent)

        def operation(_):
            answer = self.send(recording, body, headers)
            if answer.status == 410:
                self.assert_gone(recording, answer)
            elif is_other:
                assert (answer.status, answer.problem) == (409, "batch-conflict"), answer.body
                assert (answer.json["first"], answer.json["count"]) == (batch.first, batch.count), answer.body
            else:
                assert answer.status == 200, f"an answered batch was not known any more: {answer.status} {answer.body}"
                told = {"recording": recording.number, "first": batch.first, "count": batch.count, "dropped": 0,
                        "duplicate": True}  # fmt: skip
                assert answer.json == told, (answer.json, told)
            self.count("conflict" if is_other else "again")

        return operation

    def change(self, recording: Recording):
        asked = {"tags": [f"t{self.random.getrandbits(32)}" for _ in range(self.random.randrange(4))],
                 "notes": "n" * self.random.randrange(50), "ticket": str(self.random.getrandbits(40))}  # fmt: skip
        # One at a time for a recording, so that the last one answered is the one that holds.
        with self.load.ledger.lock:
            if recording.metadata_asked is not None:
                return self.append(recording)
            recording.metadata_asked = asked

        def operation(_):
            answer = self.ask("PATCH", f"/v1/recordings/{self.reference(recording)}", json.dumps(asked), JSON)
            if answer.status == 200:
                assert all(answer.json[member] == value for member, value in asked.items()), answer.body
                recording.metadata |= asked
            else:
                assert answer.status == 410, (answer.status, answer.body)
                self.assert_gone(recording, answer)
            recording.metadata_asked = None
            self.count("change")

        return operation

    def finish(self, recording: Recording):
        """Ends a recording that has enough, or erases one where there are enough."""
        kept = self.load.ledger.kept()
        if len(kept) > self.load.kept_recordings or self.random.random() < 0.1:
            closed = [one for one in kept if not one.is_open]
            return self.erase(self.random.choice(closed or kept))
        if len(recording.batches) < self.load.batches_a_recording * self.random.uniform(0.2, 1.5):
            return self.append(recording)
        recording.asked_to_end = True

        def operation(_):
            answer = self.ask("POST", f"/v1/recordings/{self.reference(recording)}/end", b"", None, recording.token)
            if answer.status == 200:
                assert answer.json["status"] == "ended" and answer.json["end_reason"] == "request", answer.body
                assert recording.ended in (None, answer.json["ended"]), (recording.ended, answer.body)
                recording.ended = answer.json["ended"]
            else:
                self.assert_gone(recording, answer)
            self.count("end")

        return operation

    def erase(self, recording: Recording):
        recording.asked_to_erase = True

        def operation(_):
            answer = self.ask("DELETE", f"/v1/recordings/{self.reference(recording)}")
            assert answer.status == 200 and answer.json["id"] == recording.id, (answer.status, answer.body)
            assert recording.erased in (None, answer.json["erased"]), (recording.erased, answer.body)
            recording.erased = answer.json["erased"]
            self.load.ledger.erase(recording)
            self.count("erase")

        return operation

    def read(self, recording: Recording):
        """A whole recording while others write it: all that was answered before is there, and only what was sent."""

        def operation(_):
            before = recording.answered()
            was_erased = recording.erased is not None
            headers = {"Accept-Encoding": "gzip"} if self.random.random() < 0.5 else {}
            answer = self.ask("GET", f"/v1/recordings/{recording.number}/events", None, headers)
            if answer.status == 200:
                assert not was_erased, "served after its erasure"
                is_gzip = answer.headers["Content-Encoding"] == "gzip"
                text = gzip.decompress(answer.body) if is_gzip else answer.body
                late = [batch for batch in list(recording.batches.values()) if not (batch.refused or batch in before)]
                _, wrong = match(text, before, late)
                assert wrong is None, f"recording {recording.number}: {wrong}"
            else:
                self.assert_gone(recording, answer)
            self.count("read")

        return operation

    def follow(self, recording: Recording):
        """What came since a batch that is known, as a viewer asks who follows."""

        def operation(_):
            known = recording.answered()
            was_erased = recording.erased is not None
            since = self.random.randrange(len(known)) if known else 0
            first = known[since].first if known else 0
            answer = self.ask("GET", f"/v1/recordings/{recording.number}/events?first={first}")
            if answer.status == 200:
                assert not was_erased, "served after its erasure"
                late = [batch for batch in list(recording.batches.values()) if not (batch.refused or batch in known)]
                _, wrong = match(answer.body, known[since:], late, first)
                assert wrong is None, f"recording {recording.number} from {first} on: {wrong}"
            else:
                self.assert_gone(recording, answer)
            self.count("follow")

        return operation

    def reconnect(self, _):
        self.disconnect()
        self.count("reconnect")

    def look(self, _):
        answer = self.ask("GET", f"/v1/recordings?limit=50&user={self.name}")
        assert answer.status == 200, answer.body
        assert all(row["user"] == self.name for row in answer.json["recordings"])
        self.count("look")

    def compact(self, _):
        answer = self.ask("POST", "/v1/store/compact")
        assert answer.status == 200, answer.body
        self.count("compact")
        self.load.counts["segments compacted"] += answer.json["segments"]

    # Help.

    def send(self, recording: Recording, body: bytes, headers: dict):
        return self.ask("POST", f"/v1/recordings/{self.reference(recording)}/events", body, headers, recording.token)

    def reference(self, recording: Recording):
        return self.random.choice((recording.number, recording.id))

    def assert_gone(self, recording: Recording, answer):
        """That a refusal speaks of an end or an erasure that somebody asked for."""
        refusal = (answer.status, answer.problem)
        if refusal == (410, "erased"):
            assert recording.asked_to_erase, f"erased, and nobody asked for it: {answer.body}"
        else:
            assert refusal == (409, "recording-ended"), (answer.status, answer.body)
            assert recording.asked_to_end, f"ended, and nobody asked for it: {answer.body}"

    def count(self, operation: str, was_there: bool = False):
        self.load.counts[operation] += 1
        if was_there:
            self.load.counts[f"{operation} found committed"] += 1

    def events(self, recording: Recording, number: int) -> list[bytes]:
        """Few or many events, of all shapes; now and then a full snapshot, or a large one that hardly compresses."""
        events = []
        words = b"text " * self.random.randrange(200)
        for index in range(self.random.choice((1, 1, 3, 10, 30))):
            kind = self.random.choice((3, 3, 3, 3, 2, 4, 5, 6))
            data = self.random.choice((
                b"{}",
                b'{"source":2,"type":2,"id":7,"x":1.0,"y":1e3 }',
                b'{ "source" : 5, "text":"\\u00e9 \xc3\xa9 \\ud800" }',
                b'{"href":"https://shop.example/a/%d","width":1280,"height":720}' % number,
                b'{"node":{"type":0,"childNodes":[[],{"a":[1,2,{}]}]},"text":"%s"}' % words,
                b'"%s"' % base64.b64encode(self.random.randbytes(self.random.choice((100, 1_000, 10_000)))),
            ))  # fmt: skip
            name = mark(recording.id, self.name, number, index).encode()
            milliseconds = 1_700_000_000_000 + 1000 * number + index
            events.append(b'{"type":%d,"timestamp":%d,"data":%s,"k":"%s"}' % (kind, milliseconds, data, name))
        return events

    def body(self, batch: Batch, events: list[bytes]) -> tuple[bytes, dict]:
        """A batch in one of the forms it may be sent in."""
        gap = self.random.choice((b",", b" ,\n\t", GLUE))
        form = self.random.choice(("array", "array", "envelope", "lines"))
        headers = {} if form == "envelope" else {"Reeld-Writer": self.name, "Reeld-Batch": str(batch.number)}
        match form:
            case "array":
                body = b"[" + gap.join(events) + b"]"
            case "envelope":
                name = self.name.encode()
                body = b'{"writer":"%s","batch":%d,"events":[%s]}' % (name, batch.number, gap.join(events))
            case "lines":
                body = b"\n".join(events) + b"\n"
        headers["Content-Type"] = "application/x-ndjson" if form == "lines" else "application/json"
        return (gzip.compress(body, 1) if self.random.random() < 0.3 else body), headers
