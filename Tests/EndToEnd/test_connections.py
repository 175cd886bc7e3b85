"""Hostile and unlucky connections: what is ambiguous is refused, what is slow or cut off harms nobody else."""

import http.client
import socket
import subprocess
import threading

import pytest

from daemon import Answer
from events import one, some

BODY = b"[" + one(1) + b"]"
TARGET = "/v1/recordings/1/events"


@pytest.fixture(scope="module")
def witness(shared_household):
    daemon = shared_household.start()
    assert daemon.begin() == 1
    assert daemon.post(1, some(3), "w", 0).status == 201
    return daemon


@pytest.fixture
def unchanged(witness):
    before = witness.figures(), witness.events_text(1)
    yield
    assert (witness.figures(), witness.events_text(1)) == before


def head(*lines: str, request: str = f"POST {TARGET} HTTP/1.1") -> bytes:
    lines = (request, "Host: localhost", "Content-Type: application/json", *lines, "", "")
    return "\r\n".join(lines).encode("latin-1")


LENGTH = f"Content-Length: {len(BODY)}"
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
REFUSED = {
    "length and chunked": (head(LENGTH, "Transfer-Encoding: chunked") + CHUNKED, 400, "ambiguous-length"),
    "chunked and length": (head("Transfer-Encoding: chunked", LENGTH) + CHUNKED, 400, "ambiguous-length"),
    "two equal lengths": (head(LENGTH, LENGTH) + BODY, 400, "bad-length"),
    "two lengths": (head(LENGTH, "Content-Length: 1") + BODY, 400, "bad-length"),
    "list of lengths": (head(f"{LENGTH}, {len(BODY)}") + BODY, 400, "bad-length"),
    "signed length": (head(f"Content-Length: +{len(BODY)}") + BODY, 400, "bad-length"),
    "negative length": (head("Content-Length: -1") + BODY, 400, "bad-length"),
    "overflowing length": (head("Content-Length: 18446744073709551617") + BODY, 400, "bad-length"),
    "gzip as transfer coding": (head("Transfer-Encoding: gzip, chunked") + CHUNKED, 501, "unknown-transfer-coding"),
    "chunk size of letters": (head("Transfer-Encoding: chunked") + b"zz\r\n" + BODY, 400, "bad-chunk"),
    "chunk without its end": (head("Transfer-Encoding: chunked") + b"2\r\n[]]\r\n0\r\n\r\n", 400, "bad-chunk"),
    "folded field": (head(LENGTH, "X: a\r\n b") + BODY, 400, "bad-field"),
    "blank before the colon": (head(LENGTH, "X : a") + BODY, 400, "bad-field"),
    "NUL in a value": (head(LENGTH, "X: a\0b") + BODY, 400, "bad-field"),
    "line feed alone": (head(LENGTH).replace(b"\r\n", b"\n") + BODY, 400, "bad-request-line"),
    "no host": (head(LENGTH).replace(b"Host: localhost\r\n", b"") + BODY, 400, "bad-host"),
    "two hosts": (head(LENGTH, "Host: localhost") + BODY, 400, "bad-host"),
    "unknown method": (head(request="BREW / HTTP/1.1"), 501, "unknown-method"),
    "method in lower case": (head(request="get / HTTP/1.1"), 501, "unknown-method"),
    "HTTP/2": (head(request="GET / HTTP/2.0"), 505, "unknown-http-version"),
    "two blanks": (head(request="GET  / HTTP/1.1"), 400, None),
    "other expectation": (head(LENGTH, "Expect: a miracle"), 417, "unknown-expectation"),
    "17 KB of header": (head(*(f"X-{n}: {'v' * 1000}" for n in range(17))), 431, "head-too-large"),
    "101 header lines": (head(*(f"X-{n}: v" for n in range(101))), 431, "head-too-large"),
    "TLS": (bytes.fromhex("16030100c8010000c40303") + bytes(200), 400, None),
}


@pytest.mark.parametrize("sent, status, problem", REFUSED.values(), ids=REFUSED)
def test_what_is_ambiguous_is_refused_and_the_connection_closed(witness, unchanged, sent, status, problem):
    with witness.raw_socket() as connected:
        connected.sendall(sent)
        answer = Answer.read(connected)
        assert answer.status == status, answer.body
        assert problem in (None, answer.problem)
        # What follows on this connection could be anybody's: nothing more is read from it.
        assert answer.headers["Connection"] == "close"
        assert connected.recv(1) == b""


def test_100_mb_are_refused_before_they_are_sent(witness, unchanged):
    with witness.raw_socket() as connected:
        connected.sendall(head("Content-Length: 104857600") + BODY)
        answer = Answer.read(connected)
        assert (answer.status, answer.problem) == (413, "body-too-large")


def test_100_mb_without_a_length_are_refused_on_the_way(witness, unchanged):
    piece = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    with witness.raw_socket() as connected:
        connected.sendall(head("Transfer-Encoding: chunked"))
        for _ in range(100):
            connected.sendall(piece)
        answer = Answer.read(connected)
        assert (answer.status, answer.problem) == (413, "body-too-large")


def test_curl_learns_why_100_mb_are_refused(witness, unchanged, tmp_path):
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(100 << 20)
    command = [
        "curl", "-sS", "--unix-socket", str(witness.socket), "-w", "%{http_code}", "--data-binary", f"@{large}",
        "-H", "Content-Type: application/json", f"http://localhost{TARGET}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert b"body-too-large" in done.stdout and done.stdout.endswith(b"413")


def test_a_body_of_just_64_mib_is_taken_and_one_byte_more_is_not(witness):
    number = witness.begin()
    blanks = b" " * ((64 << 20) - len(BODY))
    assert witness.post(number, blanks + BODY).status == 201
    answer = witness.post(number, blanks + b" " + BODY)
    assert (answer.status, answer.problem) == (413, "body-too-large")
    assert witness.show(number)["events"] == 1


def test_expect_100_continue_is_answered_before_the_body(witness):
    number = witness.begin()
    with witness.raw_socket() as connected:
        connected.sendall(head(LENGTH, "Expect: 100-continue", request=f"POST /v1/recordings/{number}/events HTTP/1.1"))
        assert connected.recv(100).startswith(b"HTTP/1.1 100 ")
        connected.sendall(BODY)
        assert Answer.read(connected).status == 201


def test_pipelined_requests_are_answered_in_their_order(witness):
    with witness.raw_socket() as connected:
        connected.sendall(b"".join(b"GET /v1/recordings/%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in (1, 77, 1, 78)))
        answers = []
        buffer = connected.makefile("rb")
        for _ in range(4):
            response = http.client.HTTPResponse(_Kept(buffer))
            response.begin()
            answers.append((response.status, response.read()))
    assert [status for status, _ in answers] == [200, 404, 200, 404]
    assert b"77" in answers[1][1] and b"78" in answers[3][1]


class _Kept:
    """Hands HTTPResponse one and the same buffer, so that what it read ahead is not lost."""

    def __init__(self, buffer):
        self.buffer = buffer

    def makefile(self, _):
        return _Unclosed(self.buffer)


class _Unclosed:
    def __init__(self, buffer):
        self.buffer = buffer

    def __getattr__(self, name):
        return getattr(self.buffer, name)

    def close(self):
        pass


def test_others_are_served_beside_a_hundred_slow_writers(witness):
    number = witness.begin()
    request = head(LENGTH, request=f"POST /v1/recordings/{number}/events HTTP/1.1") + BODY
    # Cut inside the request line, a header, and the body.
    cuts = [1, 30, len(request) - len(BODY) - 5, len(request) - 5]
    slow = [witness.raw_socket() for _ in range(100)]
    for index, connected in enumerate(slow):
        connected.sendall(request[: cuts[index % len(cuts)]])
    for index in range(20):
        assert witness.post(number, some(10, first=index * 10), "quick", index).status == 201
    assert witness.show(number)["events"] == 200
    for connected in slow:
        connected.close()
    assert witness.show(number)["events"] == 200


def test_a_header_that_dribbles_is_cut_off_by_its_deadline(witness, unchanged):
    with witness.raw_socket() as connected:
        stop = threading.Event()

        def dribble():
            for byte in head(LENGTH) * 10:
                if stop.wait(0.25):
                    return
                try:
                    connected.send(bytes([byte]))
                except OSError:
                    return

        thread = threading.Thread(target=dribble)
        thread.start()
        try:
            answer = Answer.read(connected)
        finally:
            stop.set()
            thread.join()
        assert (answer.status, answer.problem) == (408, "head-timeout")


def test_a_request_whose_sender_stops_sending_is_still_answered(witness):
    number = witness.begin()
    with witness.raw_socket() as connected:
        connected.sendall(head(LENGTH, request=f"POST /v1/recordings/{number}/events HTTP/1.1") + BODY)
        connected.shutdown(socket.SHUT_WR)
        assert Answer.read(connected).status == 201
        assert connected.recv(1) == b""
    assert witness.events_text(number) == BODY


@pytest.mark.parametrize("kept", [1, 40, len(head(LENGTH)), len(head(LENGTH)) + 5])
@pytest.mark.parametrize("way", ["half-closed", "closed", "reset"])
def test_half_a_request_stores_nothing(witness, unchanged, kept, way):
    with witness.raw_socket() as connected:
        connected.sendall((head(LENGTH) + BODY)[:kept])
        if way == "half-closed":
            connected.shutdown(socket.SHUT_WR)
            # Refused in words or in silence, but finished.
            assert connected.recv(1 << 16)[:12] in (b"", b"HTTP/1.1 400")
        if way == "reset":
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def test_an_answer_nobody_waits_for_is_stored_once(witness):
    number = witness.begin()
    with witness.raw_socket() as connected:
        request = head(LENGTH, "Reeld-Writer: w", "Reeld-Batch: 1", request=f"POST /v1/recordings/{number}/events HTTP/1.1")
        connected.sendall(request + BODY)
    again = witness.post(number, BODY, "w", 1)
    assert again.status in (200, 201)
    assert witness.events_text(number) == BODY
