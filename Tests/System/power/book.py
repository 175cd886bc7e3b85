"""What the writers of a power cut say before and after each request, and what must be in the store by that.

A line is a word and an id: begin, begun (with the number), wrote (with the batch), end, ended, erase, erased. Each
writer has one request without an answer at a time, and says nothing more before it has said what came of that.
"""

import functools
import random
import uuid
from dataclasses import dataclass

GLUE = b",\n"
"""What stands between two events in what the daemon serves."""


@dataclass
class Recording:
    """What the lines say of a recording. number: None until it is answered to have begun."""

    id: str
    number: int | None = None
    batches: int = 0
    asked_to_end: bool = False
    has_ended: bool = False
    asked_to_erase: bool = False
    is_erased: bool = False


WORDS = ("begin", "begun", "wrote", "end", "ended", "erase", "erased")


class Book:
    """The recordings of a run, by the lines heard of it."""

    def __init__(self, lines: list[str]):
        self.recordings: dict[str, Recording] = {}
        # Batches answered, of recordings erased since, too.
        self.batches = 0
        for line in lines:
            self.add(line)

    def add(self, line: str):
        word, name, *rest = line.split()
        if word == "begin":
            assert name not in self.recordings
            self.recordings[name] = Recording(name)
            return
        recording = self.recordings[name]
        match word:
            case "begun":
                recording.number = int(rest[0])
            case "wrote":
                assert int(rest[0]) == recording.batches, line
                recording.batches += 1
                self.batches += 1
            case "end":
                recording.asked_to_end = True
            case "ended":
                recording.has_ended = True
            case "erase":
                recording.asked_to_erase = True
            case "erased":
                recording.is_erased = True
            case _:
                raise ValueError(line)


def recording_id(chance: random.Random) -> str:
    """A UUIDv7 of a made-up time."""
    bits = 1_700_000_000_000 << 80 | 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62 | chance.getrandbits(62)
    return str(uuid.UUID(int=bits))


@functools.lru_cache(16_384)
def batch(name: str, number: int) -> list[bytes]:
    """The events of a recording's batch: the same for who writes it and who looks for it, no two alike."""
    chance = random.Random(f"{name}/{number}")
    size = chance.choice((20, 200, 2_000, 20_000))
    events = []
    for index in range(chance.choice((1, 1, 3, 10))):
        # Half of it is hard to compress, so that what is written to the disk has some size.
        text = chance.randbytes(chance.randrange(size)).hex().encode()
        milliseconds = 1_700_000_000_000 + 100 * number + index
        data = b'{"source":5,"text":"%s","k":"%s/%d/%d"}' % (text, name.encode(), number, index)
        events.append(b'{"type":3,"timestamp":%d,"data":%s}' % (milliseconds, data))
    return events
