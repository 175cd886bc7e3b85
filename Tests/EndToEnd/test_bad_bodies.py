"""Bodies, headers and names that are wrong: each gets its own stable problem, and the store stays as it was."""

import gzip
import json
import zlib
from urllib.parse import quote

import pytest

from events import one, some, uuid7

GOOD = some(3)
NDJSON = "application/x-ndjson"


@pytest.fixture(scope="module")
def witness(shared_household):
    """A daemon with one recording, which no test of this file may change."""
    daemon = shared_household.start()
    number = daemon.begin(activity="witness")
    assert number == 1
    assert daemon.post(number, GOOD, "w", 0).status == 201
    return daemon


@pytest.fixture
def refuse(witness):
    """Sends what is to be refused, and sees that it changed nothing; the answer."""

    def send(status, problem, method, target, body=None, headers=None):
        before = witness.figures(), witness.show(1), witness.events_text(1)
        answer = witness.ask(method, target, body, headers)
        assert (answer.status, answer.problem) == (status, problem), answer.body[:1000]
        assert (witness.figures(), witness.show(1), witness.events_text(1)) == before
        return answer.json

    return send


def post(refuse, status, problem, body, content_type="application/json", target="/v1/recordings/1/events", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return refuse(status, problem, "POST", target, body, {"Content-Type": content_type} | headers)


EVENT = one(9).decode()

MALFORMED = [
    # (body, the offset of the first byte that is wrong)
    (f"[{EVENT},{{,}}]", len(EVENT) + 3),
    (f"[{EVENT},]", len(EVENT) + 2),
    (f"[{EVENT} {EVENT}]", len(EVENT) + 2),
    (f"[{EVENT}", len(EVENT) + 1),
    (f"[{EVENT}]]", len(EVENT) + 2),
    (f"[{EVENT}] x", len(EVENT) + 3),
    ('[{"type":3,"timestamp":NaN}]', 23),
    ('[{"type":3,"timestamp":01}]', 24),
    ('[{"type":3,"timestamp":1.}]', 25),
    ('[{"type":3,"timestamp":1,"data":"\t"}]', 33),
    ('[{"type":3,"timestamp":1,"data":"\\x"}]', 34),
    ("[{'type':3}]", 2),
    ("\ufeff[]", 0),
    ("nonsense", 0),
]


@pytest.mark.parametrize("body, offset", MALFORMED, ids=[body[:40] for body, _ in MALFORMED])
def test_malformed_json_is_refused_with_its_position(refuse, body, offset):
    problem = post(refuse, 400, "bad-json", body.encode())
    # A parser may notice at the byte, or at the token it belongs to.
    assert abs(problem["offset"] - offset) <= 2, problem
    assert problem["retry"] is False


def test_raw_bytes_that_are_no_utf_8_are_refused(refuse):
    post(refuse, 400, "bad-json", b'[{"type":3,"timestamp":1,"data":"\xff"}]')


def test_json_deeper_than_512_is_refused(refuse, witness):
    def nested(depth):
        return b'[{"type":3,"timestamp":1,"data":' + b"[" * depth + b"]" * depth + b"}]"

    # The event is itself the first level, inside an array that is not its own.
    post(refuse, 400, "bad-json", nested(512))
    number = witness.begin()
    assert witness.post(number, nested(500)).status == 201


BAD_EVENTS = {
    "number": (b"7", "not an object"),
    "string": (b'"event"', "not an object"),
    "array": (b"[]", "not an object"),
    "null": (b"null", "not an object"),
    "no timestamp": (b'{"type":3}', "timestamp"),
    "timestamp as text": (b'{"type":3,"timestamp":"1700000000000"}', "timestamp"),
    "timestamp null": (b'{"type":3,"timestamp":null}', "timestamp"),
    "no type": (b'{"timestamp":1700000000000}', "type"),
    "type as text": (b'{"type":"3","timestamp":1700000000000}', "type"),
    "type null": (b'{"type":null,"timestamp":1700000000000}', "type"),
    "empty": (b"{}", "no "),
}


@pytest.mark.parametrize("event, detail", BAD_EVENTS.values(), ids=BAD_EVENTS)
@pytest.mark.parametrize("form", ["array", "envelope", "lines", "gzip"])
def test_a_bad_event_refuses_its_batch_and_is_named(refuse, event, detail, form):
    events = [*GOOD, event, *GOOD]
    if form == "lines":
        body, kind, headers = b"\n".join(events), NDJSON, {}
    else:
        body, kind, headers = b"[" + b",".join(events) + b"]", "application/json", {}
    if form == "envelope":
        body = b'{"events":' + body + b"}"
    offset = body.index(b"\n" + event if form == "lines" else b"," + event) + 1
    if form == "gzip":
        body, headers = gzip.compress(body), {"Content_Encoding": "gzip"}
    problem = post(refuse, 400, "bad-events", body, kind, **headers)
    assert problem["count"] == 1
    (error,) = problem["errors"]
    assert error["event"] == len(GOOD) and error["offset"] == offset, (error, offset)
    assert detail in error["detail"]


def test_with_invalid_drop_the_good_events_are_stored_and_the_rest_counted(witness):
    number = witness.begin()
    bad = [event for event, _ in BAD_EVENTS.values()]
    body = b"[" + b",".join([GOOD[0], *bad, GOOD[1]]) + b"]"
    answer = witness.ask(
        "POST", f"/v1/recordings/{number}/events?invalid=drop", body, {"Content-Type": "application/json"}
    )
    assert answer.status == 201 and answer.json["count"] == 2 and answer.json["dropped"] == len(bad), answer.body
    assert witness.events_text(number) == b"[" + GOOD[0] + b",\n" + GOOD[1] + b"]"


NO_BATCH = {
    b"42": "not-a-batch",
    b'"text"': "not-a-batch",
    b"true": "not-a-batch",
    b"null": "not-a-batch",
    b'{"events":7}': "not-a-batch",
    b'{"events":{}}': "not-a-batch",
    b"": "bad-json",
    # An object without events is a line of NDJSON, and no event.
    b"{}": "bad-events",
    b'{"event":[]}': "bad-events",
}


@pytest.mark.parametrize("body, problem", NO_BATCH.items())
def test_a_document_that_is_no_batch_is_refused(refuse, body, problem):
    post(refuse, 400, problem, body)


@pytest.mark.parametrize(
    "member", [b'"writer":7', b'"writer":"w","batch":"1"', b'"writer":"w","batch":-1', b'"writer":"w","batch":1.5']
)
def test_a_wrong_envelope_is_refused(refuse, member):
    post(refuse, 400, "bad-envelope", b"{" + member + b',"events":[' + EVENT.encode() + b"]}")


WHOLE = gzip.compress(b"[" + b",".join(some(100)) + b"]")
BAD_GZIP = {
    "truncated": WHOLE[: len(WHOLE) // 2],
    "without its end": WHOLE[:-8],
    "header alone": WHOLE[:10],
    "half a header": WHOLE[:5],
    "wrong checksum": WHOLE[:-8] + bytes([WHOLE[-8] ^ 1]) + WHOLE[-7:],
    "wrong size": WHOLE[:-1] + bytes([WHOLE[-1] ^ 1]),
    "damaged inside": WHOLE[:20] + bytes(b ^ 0xFF for b in WHOLE[20:60]) + WHOLE[60:],
    "trailing bytes": WHOLE + b"more",
    "zlib and no gzip": zlib.compress(b"[]"),
    "plain text": b"[]",
}


@pytest.mark.parametrize("body", BAD_GZIP.values(), ids=BAD_GZIP)
def test_gzip_that_is_not_sound_is_refused(refuse, body):
    post(refuse, 400, "bad-gzip", body, Content_Encoding="gzip")


def test_a_gzip_bomb_is_refused_without_being_inflated_whole(refuse, witness):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    blanks = [b" " * (16 << 20)] * 16
    bomb = b"".join(map(packer.compress, [b"[", *blanks, b"]"])) + packer.flush()
    assert len(bomb) < 1 << 20
    problem = post(refuse, 413, "inflated-too-large", bomb, Content_Encoding="gzip")
    assert problem["limit"] == 64 << 20
    assert peak_megabytes(witness) < 200, "the bomb went off"


def peak_megabytes(daemon) -> int:
    with open(f"/proc/{daemon.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) >> 10


def test_an_event_above_32_mib_is_refused_with_its_position(refuse):
    large = one(1, b'"' + b"a" * (32 << 20) + b'"')
    problem = post(refuse, 413, "event-too-large", b"[" + GOOD[0] + b"," + large + b"]")
    assert problem["event"] == 1 and problem["offset"] == len(GOOD[0]) + 2
    assert problem["size"] == len(large) and problem["limit"] == 32 << 20


def test_an_event_of_just_32_mib_is_stored(witness):
    number = witness.begin()
    frame = len(one(1, b'""'))
    event = one(1, b'"' + b"a" * ((32 << 20) - frame) + b'"')
    assert len(event) == 32 << 20
    assert witness.post(number, [event]).status == 201
    assert witness.events_text(number) == b"[" + event + b"]"


UNKNOWN = ["999", "18446744073709551615", uuid7(1)]


@pytest.mark.parametrize("name", UNKNOWN)
@pytest.mark.parametrize(
    "method, rest",
    [("GET", ""), ("GET", "/events"), ("GET", "/chunks"), ("GET", "/chunks/0"), ("POST", "/events"), ("POST", "/end"),
     ("PATCH", ""), ("DELETE", "")],
)  # fmt: skip
def test_recordings_that_are_not_there_get_404(refuse, method, rest, name):
    body = {"POST": b"[" + EVENT.encode() + b"]", "PATCH": b'{"notes":"x"}'}.get(method) if rest != "/end" else None
    headers = {"Content-Type": "application/json"} if body else {}
    refuse(404, "unknown-recording", method, f"/v1/recordings/{name}{rest}", body, headers)


@pytest.mark.parametrize("name", [*UNKNOWN, "0", "x", "-1"])
def test_the_players_call_gets_404_with_a_detail(witness, name):
    answer = witness.ask("GET", f"/api/events?activity_id={name}")
    assert answer.status == 404 and answer.json.keys() == {"detail"}


STRANGE_NAMES = [
    "0", "-1", "+1", "01x", "1.0", "0x1", "18446744073709551616", "1" * 300, "a" * 36, "a" * 7000,
    uuid7(2).replace("-", ""), uuid7(2)[:14] + "4" + uuid7(2)[15:], "%31", "1%0d%0a", "..%2f1", "%252e%252e", "\u0663",
]  # fmt: skip


@pytest.mark.parametrize("name", STRANGE_NAMES, ids=lambda name: ascii(name)[:30])
def test_names_that_cannot_be_a_recording_are_refused(refuse, name):
    refuse(404, "unknown-recording", "GET", "/v1/recordings/" + quote(name, safe="%+"))


@pytest.mark.parametrize(
    "path", ["/v1/recordings/../store", "/v1/recordings/%2e%2e/store", "/v1/recordings/.%2E/1", "/v1/recordings/1/./events",
             "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/v1/recordings/..", "/v1/recordings/1/chunks/%2e%2e",
             "/v1/recordings/1%00", "/v1/recordings/1%zz", "/v1/recordings/1%"]
)  # fmt: skip
def test_dots_never_climb_and_escapes_hide_nothing(refuse, path):
    refuse(400, "bad-target", "GET", path)


def test_a_target_longer_than_8_kib_is_refused(refuse):
    refuse(414, "target-too-long", "GET", "/v1/recordings/" + "1" * 9000)


@pytest.mark.parametrize(
    "kind", ["text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "image/png", "json"]
)
def test_other_media_types_are_refused(refuse, kind):
    post(refuse, 415, "unsupported-media-type", b"[" + EVENT.encode() + b"]", kind)


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip", "gzip, br", "nonsense"])
def test_other_content_codings_are_refused(refuse, coding):
    post(refuse, 415, "unsupported-content-coding", WHOLE, Content_Encoding=coding)


BAD_NUMBERS = {
    "negative": ("w", "-1"),
    "text": ("w", "seven"),
    "fraction": ("w", "1.5"),
    "hexadecimal": ("w", "0x1"),
    "above 2^63-1": ("w", str(1 << 63)),
    "above 2^64": ("w", str(1 << 64)),
    "no writer": (None, "1"),
    "no number": ("w", None),
    "writer of 129 bytes": ("w" * 129, "1"),
    "empty writer": ("", "1"),
}


@pytest.mark.parametrize("writer, batch", BAD_NUMBERS.values(), ids=BAD_NUMBERS)
def test_a_batch_is_numbered_rightly_or_not_at_all(refuse, writer, batch):
    headers = {}
    if writer is not None:
        headers["Reeld_Writer"] = writer
    if batch is not None:
        headers["Reeld_Batch"] = batch
    post(refuse, 400, "bad-batch-number", b"[" + EVENT.encode() + b"]", **headers)


BAD_METADATA = {
    "not JSON": (b"{", "bad-json"),
    "an array": (b"[]", "bad-metadata"),
    "user as number": (b'{"user":7}', "bad-metadata"),
    "tags as text": (b'{"tags":"a"}', "bad-metadata"),
    "tags of numbers": (b'{"tags":[1]}', "bad-metadata"),
    "viewport as text": (b'{"viewport":"800x600"}', "bad-metadata"),
    "pinned as text": (b'{"pinned":"yes"}', "bad-metadata"),
    "unknown member": (b'{"usr":"zoe"}', "bad-metadata"),
    "user too long": (json.dumps({"user": "u" * 1025}).encode(), "bad-metadata"),
    "notes too long": (json.dumps({"notes": "n" * 16385}).encode(), "bad-metadata"),
    "33 tags": (json.dumps({"tags": [str(n) for n in range(33)]}).encode(), "bad-metadata"),
    "id of version 4": (b'{"id":"9b2d4b8e-0c1f-4f6e-8a52-6b7a0c6f5a11"}', "bad-id"),
    "id with dots": (b'{"id":"../../../etc/passwd"}', "bad-id"),
    "id too long": (json.dumps({"id": uuid7(3) + "0"}).encode(), "bad-id"),
}


@pytest.mark.parametrize("body, problem", BAD_METADATA.values(), ids=BAD_METADATA)
def test_wrong_metadata_starts_no_recording(refuse, body, problem):
    refuse(400, problem, "POST", "/v1/recordings", body, {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    "target", ["/v1/recordings?limit=0", "/v1/recordings?limit=1001", "/v1/recordings?limit=x", "/v1/recordings?usr=zoe",
               "/v1/recordings?status=gone", "/v1/recordings?cursor=x", "/v1/recordings?since=tomorrow",
               "/v1/recordings/1/events?type=x", "/v1/recordings/1/events?from=x", "/v1/recordings/1/events?format=xml",
               "/v1/recordings/1/chunks/0?generation=x", "/v1/store?x=1"]
)  # fmt: skip
def test_wrong_query_parameters_are_refused(refuse, target):
    assert refuse(400, "bad-query", "GET", target)["parameter"]


@pytest.mark.parametrize(
    "method, path, allowed",
    [("DELETE", "/v1/recordings", "POST"), ("PUT", "/v1/recordings/1", "PATCH"), ("GET", "/v1/recordings/1/end", "POST"),
     ("POST", "/v1/recordings/1/chunks", "GET"), ("DELETE", "/v1/store", "GET"), ("POST", "/healthz", "GET")],
)  # fmt: skip
def test_methods_a_path_does_not_have_are_refused(witness, method, path, allowed):
    answer = witness.ask(method, path)
    assert (answer.status, answer.problem) == (405, "method-not-allowed")
    assert allowed in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/v1", "/v2/recordings", "/v1/recordings/1/events/0", "/v1/recordings/1/", "//"])
def test_paths_that_lead_nowhere_get_404(witness, path):
    answer = witness.ask("GET", path)
    assert answer.status == 404 and answer.problem in ("unknown-path", "unknown-recording")
