"""Shows that the comparison bites: what a store could do wrong is done to what it serves, and has to be found."""

import random
import shutil
from pathlib import Path

from checker import GLUE, View, check
from ledger import Ledger, Recording


class Doctored:
    """A view of a store in which one thing is different."""

    def __init__(self, view, rows: list[dict] | None = None, texts: dict[int, bytes] | None = None):
        self.view = view
        self.changed_rows = rows
        self.texts = texts or {}

    def rows(self) -> list[dict]:
        return self.view.rows() if self.changed_rows is None else self.changed_rows

    def erased_rows(self) -> list[dict]:
        return self.view.erased_rows()

    def text(self, number: int) -> tuple[int, bytes]:
        return (200, self.texts[number]) if number in self.texts else self.view.text(number)


def doctored_views_are_found(ledger: Ledger, view, chance: random.Random) -> int:
    """How many ways of being wrong were tried; fails when one is not found."""
    assert check(ledger, view) == []
    recordings = [one for one in ledger.kept() if len(one.answered()) >= 3]
    views = _with_other_rows(ledger, view, chance)
    for what, texts in _texts(chance.choice(recordings), view, chance).items():
        views[what] = Doctored(view, texts=texts)
    for what, doctored in views.items():
        assert check(ledger, doctored), f"the comparison did not find: {what}"
    return len(views)


def _texts(recording: Recording, view, chance: random.Random) -> dict[str, dict[int, bytes]]:
    """Other texts for a recording, by what was done to it."""
    status, text = view.text(recording.number)
    assert status == 200
    parts, position = [], 1
    for batch in recording.answered():
        parts.append(text[position : position + batch.size])
        position += batch.size + len(GLUE)
    index = chance.randrange(len(parts) - 1)
    byte = chance.randrange(1, len(text) - 1)
    events = parts[index].split(GLUE)

    def joined(changed: list[bytes]) -> bytes:
        return b"[" + GLUE.join(changed) + b"]"

    assert joined(parts) == text
    texts = {
        "a batch is lost": joined(parts[:index] + parts[index + 1 :]),
        "the last batch is lost": joined(parts[:-1]),
        "all is lost": b"[]",
        "a batch is there twice": joined(parts[: index + 1] + parts[index:]),
        "the last batch is there twice": joined([*parts, parts[-1]]),
        "two batches changed places": joined([*parts[:index], parts[index + 1], parts[index], *parts[index + 2 :]]),
        "a batch that nobody sent": joined([*parts[:index], b'{"type":3,"timestamp":1}', *parts[index:]]),
        "half a batch": joined([*parts[:index], parts[index][: len(parts[index]) // 2], *parts[index + 1 :]]),
        "one byte is another": text[:byte] + bytes([text[byte] ^ 1]) + text[byte + 1 :],
        "the end is cut off": text[:-1],
    }
    if len(events) > 1:
        texts["an event is lost"] = joined([*parts[:index], GLUE.join(events[1:]), *parts[index + 1 :]])
    return {what: {recording.number: changed} for what, changed in texts.items()}


def _with_other_rows(ledger: Ledger, view, chance: random.Random) -> dict[str, Doctored]:
    """Views whose list is another, by what was done to it."""
    rows = {row["number"]: row for row in view.rows()}
    kept = ledger.kept()
    one = chance.choice(kept)
    others = [row for number, row in rows.items() if number != one.number]

    def with_row(recording: Recording, **members) -> Doctored:
        rest = [row for number, row in rows.items() if number != recording.number]
        return Doctored(view, [*rest, rows[recording.number] | members])

    views = {
        "a recording is lost": Doctored(view, others),
        "a recording is there under two numbers": Doctored(
            view, [*rows.values(), rows[one.number] | {"number": max(rows) + 1}]),
        "a recording that nobody began": Doctored(
            view, [*rows.values(), rows[one.number] | {"number": max(rows) + 1, "id": "nobody's"}]),
        "a number belongs to another recording": with_row(one, id=chance.choice(others)["id"]),
        "the row counts otherwise": with_row(one, events=rows[one.number]["events"] + 1),
        "a change is lost": with_row(one, user="nobody"),
    }  # fmt: skip
    ended = [recording for recording in kept if recording.ended is not None]
    if ended:
        views["an end is lost"] = with_row(ended[0], status="recording", ended=None)
        views["an end has another time"] = with_row(ended[0], ended="2020-01-01T00:00:00.000000Z")
    going_on = [recording for recording in kept if not recording.asked_to_end]
    if going_on:
        views["an end that nobody asked for"] = with_row(going_on[0], status="ended")
    erased = [recording for recording in ledger.all() if recording.erased is not None]
    if erased:
        row = rows[one.number] | {"number": erased[0].number, "id": erased[0].id}
        back = Doctored(view, [*rows.values(), row])
        back.erased_rows = lambda: [row for row in view.erased_rows() if row["number"] != erased[0].number]
        views["an erasure is lost"] = back
        views["an erased recording is still served"] = Doctored(view, texts={erased[0].number: b"[]"})
    return views


def stale_store_is_found(ledger: Ledger, daemon, copy: Path):
    """Puts an earlier copy in the store's place, as a disk that forgot its last writes would; it has to be found."""
    shutil.rmtree(daemon.store)
    shutil.copytree(copy, daemon.store)
    daemon.start()
    findings = check(ledger, View(daemon))
    daemon.kill()
    kinds = {finding.kind for finding in findings}
    assert kinds & {"events", "recording lost"}, f"a store of an hour ago passed for the present one: {kinds}"
