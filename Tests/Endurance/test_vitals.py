"""The soak's verdicts bite: what leaks is found, and what only breathes is not."""

import random
import subprocess
import sys
import time

import pytest
from vitals import MEGABYTE, Vitals, difference, growth

CHANCE = random.Random(1)


def breathing(level: int, count: int = 200) -> list[int]:
    return [level * MEGABYTE + CHANCE.randrange(-2 * MEGABYTE, 2 * MEGABYTE) for _ in range(count)]


def test_memory_that_goes_up_and_down_is_flat():
    assert growth(breathing(40)) is None


def test_memory_that_fills_its_pools_first_is_flat():
    assert growth([index * MEGABYTE for index in range(20)] + breathing(40)) is None


@pytest.mark.parametrize("kilobytes_a_reading", [200, 1000])
def test_memory_that_grows_is_found(kilobytes_a_reading):
    series = [bytes_ + index * kilobytes_a_reading * 1024 for index, bytes_ in enumerate(breathing(40))]
    assert growth(series) is not None


def test_memory_that_jumps_and_stays_is_found():
    assert growth(breathing(40, 110) + breathing(60, 90)) is not None


class Child:
    """A process that does what it is told, a line at a time."""

    def __init__(self):
        program = "import os, socket, sys, threading\nfor line in sys.stdin: exec(line); print(flush=True)"
        self.process = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)  # fmt: skip
        self.do("pass")

    def do(self, line: str) -> Vitals:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "\n"
        return Vitals.of(self.process.pid)


@pytest.fixture
def child():
    child = Child()
    yield child
    child.process.kill()
    child.process.wait()


def test_a_process_that_lets_go_of_all_is_as_before(child, tmp_path):
    before = child.do("pass")
    child.do(f"files = [socket.socket(), open('{tmp_path}/a', 'w'), open('{tmp_path}/0000000001.seg', 'w')]")
    child.do("gate = threading.Event(); thread = threading.Thread(target=gate.wait); thread.start()")
    child.do("gate.set(); thread.join(); files = None")
    # Python's join returns a moment before the kernel has seen the thread off.
    deadline = time.monotonic() + 60
    while difference(before, child.do("pass")) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert difference(before, child.do("pass")) == []


@pytest.mark.parametrize(
    "leak, told",
    [
        ("kept = socket.socket()", "sockets were open"),
        ("kept = open('{}/a', 'w')", "other open files"),
        ("kept = os.pipe()", "other open files"),
        ("kept = [open('{}/0000000001.seg', 'w') for _ in range(2)]", "open 2 times"),
        ("kept = [open('{}/erased.ledger', 'w') for _ in range(2)]", "open 2 times"),
        ("kept = open('{}/0000000002.seg', 'w'); os.unlink(kept.name)", "deleted"),
        ("threading.Thread(target=threading.Event().wait, daemon=True).start()", "threads were"),
    ],
)
def test_what_is_left_open_is_found(child, tmp_path, leak, told):
    before = child.do("pass")
    found = difference(before, child.do(leak.format(tmp_path)))
    assert [line for line in found if told in line], found
