"""Compares a store with the ledger: every answered batch once, at its ordinal and byte for byte, and nothing else."""

import json
import re
from collections import Counter
from dataclasses import dataclass

from ledger import GLUE, Batch, Ledger, Recording, digest, mark

_MARK = re.compile(rb'"k":"([^"]*)"')


@dataclass(frozen=True)
class Finding:
    """One way in which the store is not what its answers said."""

    kind: str
    recording: str
    detail: str

    def __str__(self):
        return f"{self.kind}: recording {self.recording}: {self.detail}"


class View:
    """What a running daemon shows of its store."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.connection = daemon.connect()

    def _ask(self, target: str):
        return self.daemon.ask("GET", target, connection=self.connection)

    def rows(self) -> list[dict]:
        """Every recording that is not erased, as the list has it."""
        return self._list("")

    def erased_rows(self) -> list[dict]:
        return self._list("&status=erased")

    def _list(self, filters: str) -> list[dict]:
        rows, cursor = [], ""
        while True:
            answer = self._ask(f"/v1/recordings?limit=1000{filters}{cursor}")
            assert answer.status == 200, answer.body[:500]
            page = answer.json
            assert not page.get("damaged"), page["damaged"]
            rows += page["recordings"]
            if page["next"] is None:
                return rows
            cursor = f"&cursor={page['next']}"

    def text(self, number: int) -> tuple[int, bytes]:
        """Status and body of the whole recording."""
        answer = self._ask(f"/v1/recordings/{number}/events")
        return answer.status, answer.body

    def row(self, number: int) -> tuple[int, dict]:
        answer = self._ask(f"/v1/recordings/{number}")
        return answer.status, answer.json


def match(text: bytes, answered: list[Batch], pending: list[Batch], first: int = 0) -> tuple[set[int], str | None]:
    """Walks what was served of a recording, from the ordinal `first` on, along the batches that may be in it.

    - Parameter answered: by their first ordinal.
    - Parameter pending: each may be there or not, whole, anywhere between them.
    - Returns: the identities of the batches found, and what was wrong, if anything.
    """
    if not (text.startswith(b"[") and text.endswith(b"]")):
        return set(), f"no array: {text[:60]!r} … {text[-60:]!r}"
    by_first = {batch.first: batch for batch in answered}
    left = list(pending)
    found: set[int] = set()
    position, end, ordinal = 1, len(text) - 1, first
    while position < end:
        if position > 1:
            if not text.startswith(GLUE, position):
                return found, f"no comma and line feed before event {ordinal}: {text[position:position + 60]!r}"
            position += len(GLUE)
        batch = by_first.get(ordinal)
        if batch is None:
            batch = next((one for one in left if digest(text[position : min(position + one.size, end)]) == one.digest),
                         None)  # fmt: skip
            if batch is None:
                return found, f"no batch that was sent begins at event {ordinal}: {text[position:position + 200]!r}"
            left.remove(batch)
        elif digest(text[position:min(position + batch.size, end)]) != batch.digest:
            return found, (f"at event {ordinal} is not batch {batch.number} of {batch.writer}: "
                           f"{text[position:position + 200]!r}")  # fmt: skip
        found.add(id(batch))
        position += batch.size
        ordinal += batch.count
    missing = [batch for batch in answered if id(batch) not in found]
    if missing:
        first = missing[0]
        return found, f"ends after {ordinal} events; {len(missing)} batches are missing, the first one at {first.first}"
    return found, None


def explain(recording: Recording, text: bytes) -> str:
    """In what way a recording that does not match is wrong: marks of events that are missing, doubled or never sent."""
    served = Counter(found.decode(errors="replace") for found in _MARK.findall(text))
    sent = {mark(recording.id, batch.writer, batch.number, index): batch
            for batch in list(recording.batches.values()) for index in range(batch.count)}  # fmt: skip
    lost = [name for name, batch in sent.items() if batch.first is not None and name not in served]
    doubled = [name for name, count in served.items() if count > 1]
    unsent = [name for name in served if name not in sent or sent[name].refused]
    words = [f"{len(names)} events {what} (as {names[0]})"
             for what, names in (("lost", lost), ("doubled", doubled), ("never sent", unsent)) if names]  # fmt: skip
    return ", ".join(words) or "no event is lost or doubled, so bytes or their order changed"


def check(ledger: Ledger, view) -> list[Finding]:
    """Everything that is wrong; nothing may be on its way meanwhile. What has no answer yet may be there or not."""
    findings: list[Finding] = []
    rows: dict[int, dict] = {}
    for row in view.rows() + view.erased_rows():
        if row["number"] in rows:
            findings.append(Finding("recording doubled", str(row["number"]), "listed twice"))
        rows[row["number"]] = row
    ids = Counter(row["id"] for row in rows.values())
    findings += [Finding("recording doubled", one, f"{count} numbers") for one, count in ids.items() if count > 1]
    known = {recording.id: recording for recording in ledger.all()}
    for number, row in rows.items():
        if row["id"] not in known:
            findings.append(Finding("recording never begun", str(number), f"its id is {row['id']}"))
    for recording in known.values():
        if recording.number is not None:
            findings += _check(recording, rows.get(recording.number), view)
    return findings


def _check(recording: Recording, row: dict | None, view) -> list[Finding]:
    name = str(recording.number)
    if row is None:
        return [Finding("recording lost", name, "it is not listed")]
    if row["id"] != recording.id:
        return [Finding("recording lost", name, f"its number is now {row['id']}")]
    is_erased = row["status"] == "erased"
    if recording.erased is not None or is_erased:
        return _check_erased(recording, row, view)
    findings = []
    status, text = view.text(recording.number)
    if status != 200:
        return [Finding("recording unreadable", name, f"{status} {text[:300]!r}")]
    found, wrong = match(text, recording.answered(), recording.pending())
    if wrong is not None:
        findings.append(Finding("events", name, f"{wrong}; {explain(recording, text)}"))
    count = sum(batch.count for batch in recording.batches.values() if id(batch) in found)
    if wrong is None and row["events"] != count:
        findings.append(Finding("row", name, f"events is {row['events']}, and {count} are served"))
    if recording.ended is not None and (row["status"], row["ended"]) != ("ended", recording.ended):
        findings.append(Finding("end lost", name, f"{row['status']} {row['ended']}; answered {recording.ended}"))
    if not recording.asked_to_end and row["status"] == "ended":
        findings.append(Finding("end never asked for", name, json.dumps(row)))
    asked = recording.metadata_asked or {}
    for member, value in recording.metadata.items():
        if row[member] != value and row[member] != asked.get(member, value):
            findings.append(Finding("metadata", name, f"{member} is {row[member]!r}; answered {value!r}"))
    return findings


def _check_erased(recording: Recording, row: dict, view) -> list[Finding]:
    name = str(recording.number)
    if not recording.asked_to_erase:
        return [Finding("erasure never asked for", name, json.dumps(row))]
    if row["status"] != "erased":
        return [Finding("erasure lost", name, f"{row['status']}; answered {recording.erased}")]
    if recording.erased is not None and row["erased"] != recording.erased:
        return [Finding("erasure lost", name, f"erased {row['erased']}; answered {recording.erased}")]
    status, text = view.text(recording.number)
    return [] if status == 410 else [Finding("erasure lost", name, f"{status} {text[:200]!r}")]
