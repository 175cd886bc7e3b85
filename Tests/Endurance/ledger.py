"""What was sent to a daemon and what it answered: the book that the store is compared with.

Of a batch only size and digest are kept, so that a run of hours does not grow with what it wrote.
"""

import hashlib
import threading
from dataclasses import dataclass, field

GLUE = b",\n"
"""What stands between two events in what the daemon serves."""


def digest(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=16).digest()


def mark(recording_id: str, writer: str, number: int, index: int) -> str:
    """The member `k` of an event: no other event of a run has the same."""
    return f"{recording_id}/{writer}/{number}/{index}"


@dataclass
class Batch:
    """A numbered batch. `first` is nil until it was answered, and then the ordinal that was answered."""

    writer: str
    number: int
    count: int
    size: int
    digest: bytes
    first: int | None = None
    refused: bool = False

    @classmethod
    def of(cls, writer: str, number: int, events: list[bytes]) -> "Batch":
        text = GLUE.join(events)
        return cls(writer, number, len(events), len(text), digest(text))


@dataclass
class Recording:
    """A recording under an id that its client made. What was asked for and has no answer yet may be so or not."""

    id: str
    number: int | None = None
    token: str | None = None
    batches: dict[tuple[str, int], Batch] = field(default_factory=dict)
    # Fields of the metadata, as last answered.
    metadata: dict = field(default_factory=dict)
    # The change of it that has no answer yet.
    metadata_asked: dict | None = None
    asked_to_end: bool = False
    ended: str | None = None
    asked_to_erase: bool = False
    erased: str | None = None

    @property
    def is_open(self) -> bool:
        return self.number is not None and not self.asked_to_end and not self.asked_to_erase

    def answered(self) -> list[Batch]:
        return sorted((batch for batch in list(self.batches.values()) if batch.first is not None),
                      key=lambda batch: batch.first)  # fmt: skip

    def pending(self) -> list[Batch]:
        """Sent, and neither answered nor refused."""
        return [batch for batch in list(self.batches.values()) if batch.first is None and not batch.refused]


class Ledger:
    """All recordings of a run. Each is added once; its fields are changed by whoever has the answer."""

    def __init__(self):
        self.lock = threading.Lock()
        self._recordings: dict[str, Recording] = {}
        self._erased: dict[str, Recording] = {}

    def add(self, recording: Recording):
        with self.lock:
            assert recording.id not in self._recordings
            self._recordings[recording.id] = recording

    def erase(self, recording: Recording):
        """After the answer to its erasure: only that answer is still of interest."""
        with self.lock:
            if self._recordings.pop(recording.id, None) is not None:
                self._erased[recording.id] = recording
                recording.batches.clear()

    def all(self) -> list[Recording]:
        with self.lock:
            return [*self._recordings.values(), *self._erased.values()]

    def kept(self) -> list[Recording]:
        """Answered to be there, and nobody asked to erase them."""
        with self.lock:
            recordings = list(self._recordings.values())
        return [one for one in recordings if one.number is not None and not one.asked_to_erase]
