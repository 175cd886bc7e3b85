"""Events as bytes: cut out of a document, and found again in what the daemon serves. Nothing here parses and prints
JSON again, so that a changed escape, number or white space inside an event cannot hide."""

import re
import time

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}]', re.DOTALL)
_GAP = re.compile(rb"[ \t\r\n]*,[ \t\r\n]*")


def cut(document: bytes) -> list[bytes]:
    """The octets of each event of an array, from its `{` to the `}` that matches."""
    events, depth, start = [], 0, 0
    for token in _TOKEN.finditer(document):
        if token[0] == b"{":
            if depth == 0:
                start = token.start()
            depth += 1
        elif token[0] == b"}":
            depth -= 1
            if depth == 0:
                events.append(document[start : token.end()])
    assert depth == 0
    return events


def assert_holds(text: bytes, events: list[bytes], prefix: bytes = b"[", suffix: bytes = b"]"):
    """That a document is exactly these events in this order: nothing but commas and white space between them."""
    assert text.startswith(prefix), text[:100]
    position = len(prefix)
    for index, event in enumerate(events):
        if index > 0:
            gap = _GAP.match(text, position)
            assert gap, f"no comma before event {index}: {text[position : position + 100]!r}"
            position = gap.end()
        assert text.startswith(event, position), (
            f"event {index} of {len(events)} differs:\n sent {event[:300]!r}\n  got {text[position : position + 300]!r}"
        )
        position += len(event)
    assert text[position:].strip() == suffix, f"after the last event: {text[position : position + 300]!r}"


def assert_lines(text: bytes, events: list[bytes]):
    """That NDJSON is exactly these events; a line end inside an event is written as a blank."""
    assert_holds(
        text.replace(b"\n", b","),
        [event.replace(b"\r", b" ").replace(b"\n", b" ") for event in events],
        prefix=b"",
        suffix=b"," if events else b"",
    )


def one(index: int, data: bytes = b"{}", *, kind: int = 3) -> bytes:
    """A small event that no other equals, if `index` is not used twice."""
    return b'{"type":%d,"timestamp":%d,"data":%s,"n":%d}' % (kind, 1_700_000_000_000 + index, data, index)


def some(count: int, first: int = 0) -> list[bytes]:
    return [one(index) for index in range(first, first + count)]


def uuid7(chance: int) -> str:
    """A version 7 UUID of now, as a client makes one."""
    text = f"{int(time.time() * 1000):012x}7{chance % 4096:03x}8{chance:015x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
