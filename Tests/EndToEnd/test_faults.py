"""A disk that fails under a running daemon, and a table of descriptors that is full: what clients, the journal and an
admin are told, and what is there afterwards."""

import os
import re
import resource
import socket
import threading
import time
from pathlib import Path

import pytest

from daemon import Answer
from events import assert_holds, some
from injection import Injection

QUIET = "[compaction]\nautomatic = no\n"
WAIT_SECONDS_MAX = 60


@pytest.fixture
def quiet(household):
    """A daemon that writes only when it is asked to."""
    return household.start(configuration=QUIET)


class Writer:
    """Numbers its batches, and knows which were acknowledged."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.number = daemon.begin()
        self.acknowledged = []

    def write(self) -> Answer:
        """A batch that was refused is what the next call sends again."""
        index = len(self.acknowledged) // 10
        answer = self.daemon.post(self.number, some(10, 10 * index), "w", index)
        if answer.status in (200, 201):
            self.acknowledged += some(10, 10 * index)
        return answer

    def check(self):
        assert_holds(self.daemon.events_text(self.number), self.acknowledged)
        assert self.daemon.show(self.number)["events"] == len(self.acknowledged)


def segment(daemon, number: int) -> Path:
    return daemon.store / "log" / f"{number:010}.seg"


def journal(daemon, words: str) -> list[str]:
    """What the process that runs now, or ran last, has logged with these words, once it has."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while True:
        lines = [line for line in daemon.log_text.splitlines() if words in line]
        if lines or time.monotonic() > deadline:
            return lines
        time.sleep(0.02)


def assert_outcome_unknown(answer):
    assert (answer.status, answer.problem) == (503, "outcome-unknown"), answer.body
    assert answer.json["retry"] is True and int(answer.headers["Retry-After"]) > 0


def wait_until(holds, words: str):
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not holds():
        assert time.monotonic() < deadline, words
        time.sleep(0.02)


@pytest.mark.parametrize("fault", ["fdatasync:error=EIO:when=1", "pwrite64:error=EIO:when=1", "pwrite64:error=EROFS:when=1"])
def test_after_one_failure_writing_goes_on_in_a_new_segment(quiet, fault):
    writers = [Writer(quiet) for _ in range(8)]
    for writer in writers:
        assert writer.write().status == 201
    length = os.stat(segment(quiet, 1)).st_size
    answers = []
    with Injection(quiet, fault, paths=[segment(quiet, 1)]) as injection:
        threads = [threading.Thread(target=lambda writer=writer: answers.append(writer.write())) for writer in writers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert injection.count == 1, injection.said
    # All who waited for that write are told the same; the rest came behind it.
    refused = [answer for answer in answers if answer.status != 201]
    assert refused
    for answer in refused:
        assert_outcome_unknown(answer)
    call, name = re.match(r"(\w+?)(?:64)?:error=(\w+)", fault).groups()
    errno = {"EIO": 5, "EROFS": 30}[name]
    (line,) = journal(quiet, "a write to segment 1 failed")
    for words in (f"file={segment(quiet, 1)} ", f"offset={length} ", f"errno={errno} ", call, "dmesg"):
        assert words in line, line

    poisoned = segment(quiet, 1).read_bytes()
    assert segment(quiet, 2).exists() and not segment(quiet, 3).exists()
    assert quiet.ask("GET", "/readyz").status == 200
    for _ in range(3):
        for writer in writers:
            assert writer.write().status in (200, 201)
    for writer in writers:
        writer.check()
    assert segment(quiet, 1).read_bytes() == poisoned
    quiet.kill()
    quiet.start()
    for writer in writers:
        writer.check()
    assert quiet.stop() == 0
    assert b"sound" in quiet.reeld_store("verify").stdout


def test_after_two_failures_the_store_is_read_only_and_says_why(quiet):
    writer = Writer(quiet)
    for _ in range(5):
        assert writer.write().status == 201
    with Injection(quiet, "fdatasync:error=EIO") as injection:
        assert_outcome_unknown(writer.write())
        # The segment, and the one that was tried.
        assert injection.count == 2, injection.said
    before = segment(quiet, 1).read_bytes()

    # The disk is sound again, but nothing tells so: it stays read-only.
    for _ in range(3):
        for answer in (writer.write(), quiet.ask("POST", "/v1/recordings", "{}", {"Content-Type": "application/json"})):
            assert (answer.status, answer.problem) == (503, "read-only"), answer.body
            assert int(answer.headers["Retry-After"]) > 0
    ready = quiet.ask("GET", "/readyz")
    assert (ready.status, ready.problem) == (503, "read-only")
    for words in ("fdatasync", "0000000002.seg", "Input/output error", "restart"):
        assert words in ready.json["detail"], ready.json
    assert quiet.ask("GET", "/healthz").status == 200
    writer.check()
    assert quiet.ask("GET", "/v1/recordings").json["recordings"][0]["number"] == writer.number
    figures = quiet.ask("GET", "/v1/store").json
    assert figures["read_only"] is True and "Input/output error" in figures["read_only_cause"]
    assert re.search(r"read only: true\nread only cause: .*Input/output error", quiet.reeld("stats").stdout.decode())
    assert b"\nreeld_read_only 1\n" in quiet.ask("GET", "/metrics").body
    (line,) = journal(quiet, "the disk failed twice")
    for words in ("errno=5", str(segment(quiet, 2)), "restart"):
        assert words in line, line
    assert len(journal(quiet, "a write to segment 1 failed")) == 1

    assert quiet.stop() == 0
    assert segment(quiet, 1).read_bytes() == before
    quiet.start()
    assert quiet.ask("GET", "/readyz").status == 200
    # What nobody knew of may be there or not; sent again it is, once.
    assert writer.write().status in (200, 201)
    assert writer.write().status == 201
    writer.check()
    assert quiet.stop() == 0
    assert b"sound" in quiet.reeld_store("verify").stdout


def test_a_write_without_room_is_refused_and_the_segment_goes_on(quiet):
    writer = Writer(quiet)
    assert writer.write().status == 201
    with Injection(quiet, "pwrite64:error=ENOSPC", paths=[segment(quiet, 1)]):
        for _ in range(3):
            answer = writer.write()
            assert (answer.status, answer.problem) == (507, "disk-full")
        writer.check()
    assert writer.write().status == 201
    writer.check()
    assert not segment(quiet, 2).exists()


def test_a_write_that_the_kernel_cuts_short_is_not_acknowledged(quiet):
    writer = Writer(quiet)
    assert writer.write().status == 201
    # As `ulimit -f` would: half a frame is written, then EFBIG.
    length = os.stat(segment(quiet, 1)).st_size
    unlimited = resource.prlimit(quiet.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(quiet.process.pid, resource.RLIMIT_FSIZE, (length + 100, unlimited[1]))
    assert_outcome_unknown(writer.write())
    resource.prlimit(quiet.process.pid, resource.RLIMIT_FSIZE, unlimited)
    assert os.stat(segment(quiet, 1)).st_size == length + 100
    for _ in range(3):
        assert writer.write().status in (200, 201)
    writer.check()
    quiet.restart()
    writer.check()


def test_calls_that_are_interrupted_are_made_again(quiet):
    calls = ["pread64", "pwrite64", "ftruncate", "fallocate", "openat", "sendfile", "statfs"]
    with Injection(quiet, *(f"{call}:error=EINTR:when=1+2" for call in calls)) as injection:
        # The first recording makes room in the index.
        writers = [Writer(quiet) for _ in range(2)]
        for _ in range(3):
            for writer in writers:
                assert writer.write().status == 201
                writer.check()
        assert quiet.ask("POST", f"/v1/recordings/{writers[0].number}/end").status == 200
        # Rotation, compaction, and the reading of what came of it.
        assert quiet.ask("POST", "/v1/store/compact").status == 200
        for writer in writers:
            writer.check()
        assert quiet.begin() > 2
        assert quiet.ask("GET", "/v1/store").status == 200
        for call in ("pread64", "pwrite64", "fallocate", "openat"):
            assert re.search(rf"{call}\(.*EINTR.*INJECTED", injection.said), call
    assert "error:" not in quiet.log_text
    quiet.restart()
    for writer in writers:
        writer.check()


def test_a_compaction_without_descriptors_fails_and_the_next_one_does_not(quiet):
    writer = Writer(quiet)
    for _ in range(5):
        assert writer.write().status == 201
    with Injection(quiet, "openat:error=EMFILE"):
        answer = quiet.ask("POST", "/v1/store/compact")
        assert (answer.status, answer.problem) == (500, "storage-failed")
        assert "Too many open files" in answer.json["detail"] and str(quiet.store) in answer.json["detail"]
        assert writer.write().status == 201
        writer.check()
    assert quiet.ask("POST", "/v1/store/compact").status == 200
    assert writer.write().status == 201
    writer.check()


def test_a_transient_read_error_is_told_and_the_data_served_again(quiet):
    writer = Writer(quiet)
    for _ in range(5):
        assert writer.write().status == 201
    with Injection(quiet, "pread64:error=EIO", paths=[segment(quiet, 1)]):
        for target in (f"/v1/recordings/{writer.number}", f"/v1/recordings/{writer.number}/events"):
            answer = quiet.ask("GET", target)
            assert (answer.status, answer.problem) == (500, "storage-failed"), answer.body
            assert str(segment(quiet, 1)) in answer.json["detail"]
        page = quiet.ask("GET", "/v1/recordings").json
        assert page["recordings"] == [] and str(segment(quiet, 1)) in page["damaged"][0]
        assert quiet.ask("GET", "/readyz").status == 200
    writer.check()
    assert len(quiet.ask("GET", "/v1/recordings").json["recordings"]) == 1
    assert writer.write().status == 201


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_full_table_of_descriptors_does_not_spin_and_heals(quiet):
    writer = Writer(quiet)
    assert writer.write().status == 201
    pid = quiet.process.pid
    used = max(int(name) for name in os.listdir(f"/proc/{pid}/fd")) + 1
    unlimited = resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 8, used + 8))
    waiting = []
    try:
        # More than fit: the rest stay in the listener's backlog, which must not keep the loop awake.
        for _ in range(40):
            connected = socket.socket(socket.AF_UNIX)
            connected.connect(str(quiet.socket))
            waiting.append(connected)
        wait_until(lambda: len(os.listdir(f"/proc/{pid}/fd")) >= used + 6, "the table is not full")
        before = processor_seconds(pid)
        time.sleep(4)
        spent = processor_seconds(pid) - before
        assert spent < 0.4, f"{spent} s of processor time in 4 s"
        # Who is in is served, and can write.
        waiting[0].settimeout(WAIT_SECONDS_MAX)
        waiting[0].sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert Answer.read(waiting[0]).status == 200
    finally:
        for connected in waiting:
            connected.close()

    def is_served():
        try:
            return quiet.ask("GET", "/readyz").status == 200
        except OSError:
            return False

    wait_until(is_served, "nobody is let in again")
    assert writer.write().status == 201
    writer.check()
    assert unlimited[0] > used
