"""Whether a store has what a book says: every answered batch once, byte for byte and in order, and nothing else."""

import json
from dataclasses import dataclass

from power.book import GLUE, Book, Recording, batch


@dataclass(frozen=True)
class Finding:
    """One way in which the store is not what its answers said. kind: lost, or anything else that is wrong."""

    kind: str
    detail: str

    def __str__(self):
        return f"{self.kind}: {self.detail}"


def judge(book: Book, ask) -> list[Finding]:
    """Everything that is wrong. What had no answer yet may be there whole or not at all.

    ask: gives status and body of what the daemon answers to a method and a target.
    """
    findings = []
    rows: dict[str, dict] = {}
    numbers = set()
    for row in listed(ask, "") + listed(ask, "&status=erased"):
        if row["id"] in rows or row["number"] in numbers:
            findings.append(Finding("doubled", f"recording {row['number']} is listed twice"))
        rows[row["id"]] = row
        numbers.add(row["number"])
        if row["id"] not in book.recordings:
            findings.append(Finding("never sent", f"recording {row['number']}, {row['id']}"))
    for recording in book.recordings.values():
        row = rows.get(recording.id)
        if row is None:
            if recording.number is not None:
                findings.append(Finding("lost", f"recording {recording.number} is not listed"))
        elif recording.number not in (None, row["number"]):
            findings.append(Finding("lost", f"recording {recording.number} is now number {row['number']}"))
        else:
            findings += judge_recording(recording, row, ask)
    return findings


def judge_recording(recording: Recording, row: dict, ask) -> list[Finding]:
    name = f"recording {row['number']}"
    status, text = ask("GET", f"/v1/recordings/{row['number']}/events")
    if row["status"] == "erased" or recording.is_erased:
        if not recording.asked_to_erase:
            return [Finding("lost", f"{name} is erased, and nobody asked for it")]
        if status != 410:
            return [Finding("lost", f"the erasure of {name}: {status} {text[:100]!r}")]
        return []
    if status != 200:
        return [Finding("lost", f"{name} cannot be read: {status} {text[:300]!r}")]
    findings = []
    if recording.has_ended and row["status"] != "ended":
        findings.append(Finding("lost", f"the end of {name}: it is {row['status']}"))
    if row["status"] == "ended" and not recording.asked_to_end:
        findings.append(Finding("never sent", f"the end of {name}"))
    # The one batch that may be on its way.
    expected = document(recording.id, recording.batches)
    if text not in (expected, document(recording.id, recording.batches + 1)):
        findings.append(explain(name, recording, text))
    return findings


def document(name: str, batches: int) -> bytes:
    """A recording's events as the daemon serves them."""
    return b"[" + GLUE.join(event for number in range(batches) for event in batch(name, number)) + b"]"


def explain(name: str, recording: Recording, text: bytes) -> Finding:
    """In what way a document that is not the expected one is wrong."""
    for number in range(recording.batches):
        for event in batch(recording.id, number):
            count = text.count(event)
            if count == 0:
                return Finding("lost", f"batch {number} of {recording.batches} of {name}, or what it was")
            if count > 1:
                return Finding("doubled", f"batch {number} of {name}")
    return Finding("never sent", f"{name} has something that is in no batch: {text[-200:]!r}")


def listed(ask, filters: str) -> list[dict]:
    rows, cursor = [], ""
    while True:
        status, body = ask("GET", f"/v1/recordings?limit=1000{filters}{cursor}")
        assert status == 200, (status, body[:500])
        page = json.loads(body)
        assert not page.get("damaged"), page["damaged"]
        rows += page["recordings"]
        if page["next"] is None:
            return rows
        cursor = f"&cursor={page['next']}"
