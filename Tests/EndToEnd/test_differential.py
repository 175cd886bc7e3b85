"""The daemon against other programs, on what nobody would write by hand: its verdict on JSON against Python's json, and
the gzip it splices against gzip(1), zlib and Python's gzip."""

import gzip
import json
import os
import random
import re
import subprocess
import sys
import zlib

import pytest

from events import assert_holds

DEPTH_MAX = 512
DOCUMENT_COUNT = 24_000
#: A problem lists as many bad events; of a larger batch some verdicts would not be told.
BATCH_COUNT = 100
NDJSON = "application/x-ndjson"

#: What a line is refused for when it is JSON, and no event.
NOT_AN_EVENT = {
    "not an object", "no timestamp", "the timestamp is not a number", "no type", "the type is not a number",
}  # fmt: skip
TOO_DEEP = "nested deeper than the limit"


@pytest.fixture
def chance() -> random.Random:
    seed = int(os.environ.get("REELD_SEED") or random.SystemRandom().getrandbits(32))
    print(f"REELD_SEED={seed}")
    return random.Random(seed)


@pytest.fixture(scope="module")
def daemon(shared_household):
    return shared_household.start()


# Python's verdict.

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def depth(document: bytes) -> int:
    """How many arrays and objects of a JSON text are in one another."""
    deepest = open_now = 0
    for token in _TOKEN.finditer(document):
        if token[0] in b"[{":
            open_now += 1
            deepest = max(deepest, open_now)
        elif token[0] in b"]}":
            open_now -= 1
    return deepest


def refuse(name: str):
    raise ValueError(f"{name} is not in RFC 8259")


def is_json(document: bytes) -> bool:
    try:
        json.loads(document.decode("utf-8", "strict"), parse_constant=refuse)
        return True
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def unlimited():
    """Python's own limits are not JSON's."""
    digits, frames = sys.get_int_max_str_digits(), sys.getrecursionlimit()
    sys.set_int_max_str_digits(0)
    sys.setrecursionlimit(20_000)
    yield
    sys.set_int_max_str_digits(digits)
    sys.setrecursionlimit(frames)


# Documents.


class Maker:
    """Makes JSON texts by the grammar, and breaks them. No line feed is in them: each is a line."""

    NUMBERS = [
        b"0", b"-0", b"7", b"-12", b"3.25", b"1e5", b"-2.5E-7", b"10e+0", b"1E400", b"-1e-400", b"0.1", b"9" * 5_000,
        b"-" + b"1" * 400 + b"." + b"3" * 400 + b"e" + b"7" * 40, b"18446744073709551616",
    ]  # fmt: skip
    WORDS = [b"true", b"false", b"null"]
    PIECES = [
        b"a", b"type", b"timestamp", b"data", rb"\n", rb"\"", rb"\\", rb"\/", rb"\b\f\r\t", rb"\u00e9", rb"\uD83D\uDE00",
        rb"\ud800", rb"\udc00\ud800", rb"\u0000", "é".encode(), "🎉".encode(), b"\x7f", "\u2028\ufeff\U0010ffff".encode(),
        b"{[,:]}", b" ", b"long enough to fill more than one block of sixty-four bytes, whatever is before it",
    ]  # fmt: skip
    BLANKS = [b" ", b"\t", b"\r", b"  \t \r"]
    #: What is put where it does not belong, or just does.
    SPLINTERS = [
        b"NaN", b"Infinity", b"-Infinity", b"nan", b"True", b"01", b"-", b"+1", b"1.", b".5", b"1e", b"0x1", b"1_0",
        b"'", b'"', b"\\", rb"\u12", rb"\x41", rb"\u00G0", b"//", b"/**/", b",", b",,", b":", b"{", b"}", b"[", b"]", b"[]",
        b"{}", b"\x00", b"\x0b", b"\x0c", b"\x1f", b"\x7f", b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc3",
        b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xef\xbb\xbf", b"\xef\xbf\xbe", b"\xf0\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xfe", b"\xff", b"\xc2\xa0", "\u2003".encode(), b"\x1a",
    ]  # fmt: skip

    def __init__(self, chance: random.Random, recorded: list[bytes]):
        self.chance = chance
        self.recorded = recorded

    def document(self) -> bytes:
        pick = self.chance.random()
        if pick < 0.15:
            return self.chance.choice(self.recorded)
        if pick < 0.2:
            return self.nested()
        if pick < 0.25:
            return self.pad() + self.value(3) + self.pad()
        return self.pad() + self.container(0) + self.pad()

    def broken(self, document: bytes) -> bytes:
        text = bytearray(document)
        for _ in range(self.chance.choice((1, 1, 1, 2, 3))):
            at = self.chance.randrange(len(text) + 1)
            match self.chance.randrange(6):
                case 0:
                    text[at:at] = self.chance.choice(self.SPLINTERS)
                case 1:
                    text[at : at + 1] = self.chance.choice(self.SPLINTERS)
                case 2:
                    del text[at : at + self.chance.choice((1, 1, 2, 9))]
                case 3:
                    del text[at:]
                case 4:
                    text[at:at] = text[at : at + self.chance.randrange(12)]
                case _:
                    if at < len(text):
                        text[at] ^= 1 << self.chance.randrange(8)
        return bytes(text).replace(b"\n", b" ")

    def nested(self) -> bytes:
        """Around the limit, where one more is one too many."""
        levels = self.chance.choice((1, 200, DEPTH_MAX - 1, DEPTH_MAX, DEPTH_MAX + 1, 600))
        ends = [self.chance.choice(((b"[", b"]"), (b'{"a":', b"}"))) for _ in range(levels)]
        return b"".join(end[0] for end in ends) + b"1" + b"".join(end[1] for end in reversed(ends))

    def pad(self) -> bytes:
        return self.chance.choice(self.BLANKS) if self.chance.random() < 0.1 else b""

    def value(self, level: int) -> bytes:
        pick = self.chance.random()
        if pick < 0.2:
            return self.chance.choice(self.WORDS)
        if pick < 0.5:
            return self.chance.choice(self.NUMBERS[:-3] if level else self.NUMBERS)
        if pick < 0.75 or level > 4:
            return self.string()
        return self.container(level + 1)

    def container(self, level: int) -> bytes:
        count = self.chance.randrange(5)
        if self.chance.random() < 0.4:
            return b"[" + b",".join(self.pad() + self.value(level) + self.pad() for _ in range(count)) + b"]"
        members = [
            self.pad() + self.string() + self.pad() + b":" + self.pad() + self.value(level) + self.pad()
            for _ in range(count)
        ]
        if level == 0 and self.chance.random() < 0.5:
            members += [b'"type":3', b'"timestamp":1700000000000', b'"timestamp":%d' % self.chance.getrandbits(40)]
            self.chance.shuffle(members)
        return b"{" + b",".join(members) + b"}"

    def string(self) -> bytes:
        return b'"' + b"".join(self.chance.choices(self.PIECES, k=self.chance.randrange(4))) + b'"'


@pytest.fixture
def documents(chance, own_recordings) -> list[bytes]:
    lines = (own_recordings / "scrolling.ndjson").read_bytes().splitlines()
    events = [json.loads(line) for line in lines] + json.loads((own_recordings / "navigation.json").read_bytes())["events"]
    recorded = [json.dumps(event, ensure_ascii=chance.random() < 0.5).encode() for event in events]
    small = [event for event in recorded if len(event) < 2_000]
    assert len(small) > 10
    maker = Maker(chance, small)
    made = []
    while len(made) < DOCUMENT_COUNT:
        document = maker.document()
        document = document if chance.random() < 0.3 else maker.broken(document)
        # A line of nothing is no line.
        if document.strip(b" \t\r"):
            made.append(document)
    return made


def test_python_and_the_daemon_agree_on_what_is_json(daemon, documents):
    number = daemon.begin(activity="verdicts")
    connection = daemon.connect()
    stored, accepted, deep = [], 0, 0
    for first in range(0, len(documents), BATCH_COUNT):
        batch = documents[first : first + BATCH_COUNT]
        answer = daemon.post(number, b"\n".join(batch), headers={"Content-Type": NDJSON}, connection=connection)
        errors = {}
        if answer.status != 201:
            assert (answer.status, answer.problem) == (400, "bad-events"), answer.body[:1000]
            assert answer.json["count"] == len(answer.json["errors"])
            errors = {error["event"]: error["detail"] for error in answer.json["errors"]}
        for index, document in enumerate(batch):
            detail = errors.get(index)
            expected = is_json(document)
            if expected and depth(document) > DEPTH_MAX:
                assert detail == TOO_DEEP, (detail, document[:200])
                deep += 1
                continue
            verdict = detail is None or detail in NOT_AN_EVENT
            assert verdict == expected, f"Python says {expected}, the daemon {detail}: {document!r}"
            accepted += verdict
            if detail is None:
                stored.append(document.strip(b" \t\r"))
    # Both verdicts, and the limit, must have been met often.
    assert len(documents) / 5 < accepted < len(documents) * 4 / 5, accepted
    assert deep > 100, deep
    assert len(stored) > 1_000, len(stored)

    # And what was taken comes back byte for byte, by the next door.
    again = daemon.begin(activity="octets")
    for first in range(0, len(stored), 500):
        assert daemon.post(again, stored[first : first + 500], connection=connection).status == 201
    assert_holds(daemon.events_text(again), stored)
    connection.close()


# Gzip.


def shapes(chance: random.Random) -> list[list[bytes]]:
    """The batches of a recording nobody plans: tiny and large, dense and noisy."""
    batches = []
    for _ in range(chance.choice((1, 2, 3, 20))):
        batch = []
        for _ in range(chance.choice((1, 1, 2, 40))):
            match chance.randrange(5):
                case 0:
                    data = b"{}"
                case 1:
                    data = b'"' + b"x" * chance.randrange(30_000) + b'"'
                case 2:
                    data = b'"' + chance.randbytes(chance.randrange(3_000)).hex().encode() + b'"'
                case 3:
                    data = b"[" + b",".join(b"%d" % number for number in range(chance.randrange(1, 900))) + b"]"
                case _:
                    data = b'"' + b"".join(chance.choices(Maker.PIECES, k=chance.randrange(400))) + b'"'
            batch.append(b'{"type":3,"timestamp":%d,"data":%s}' % (1_700_000_000_000 + chance.getrandbits(20), data))
        batches.append(batch)
    return batches


def assert_is(body: bytes, text: bytes):
    """That a gzip document is this text to every reader, as one member with nothing behind it."""
    assert gzip.decompress(body) == text
    inflater = zlib.decompressobj(wbits=31)
    assert inflater.decompress(body) + inflater.flush() == text
    assert inflater.eof and inflater.unused_data == b""
    for option, expected in (("-dc", text), ("-t", b"")):
        done = subprocess.run(["gzip", option], input=body, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b"") and done.stdout == expected


def test_gzip_reads_what_was_spliced_of_recordings_of_any_shape(daemon, chance):
    sent, connection = {}, daemon.connect()
    for _ in range(14):
        number = daemon.begin()
        sent[number] = [event for batch in shapes(chance) for event in batch]
        rest = sent[number]
        while rest:
            size = chance.choice((1, 3, 50, len(rest)))
            assert daemon.post(number, rest[:size], connection=connection).status == 201
            rest = rest[size:]
        if chance.random() < 0.5:
            assert daemon.ask("POST", f"/v1/recordings/{number}/end").status == 200
    for compacted in (False, True):
        if compacted:
            daemon.reeld("vacuum")
        for number, events in sent.items():
            target = f"/v1/recordings/{number}/events"
            answer = daemon.ask("GET", target, headers={"Accept-Encoding": "gzip"}, connection=connection)
            assert answer.headers["Content-Encoding"] == "gzip"
            text = daemon.ask("GET", target, connection=connection).body
            assert_holds(text, events)
            assert_is(answer.body, text)
    connection.close()
