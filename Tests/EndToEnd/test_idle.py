"""A daemon that nobody asks anything costs next to nothing."""

import os
import time
from pathlib import Path

from events import some

SECONDS = 5
WAKEUPS_A_SECOND_MAX = 2
MEGABYTES_MAX = 30


def wakeups(pid: int) -> int:
    """How often its threads went to sleep, and so were woken."""
    count = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                count += int(line.split()[1])
    return count


def resident_megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_an_idle_daemon_hardly_wakes_and_is_small(daemon):
    number = daemon.begin()
    for index in range(20):
        daemon.post(number, some(50, first=50 * index))
    idle = [daemon.raw_socket() for _ in range(50)]
    # What it still had to do after the last batch.
    time.sleep(2)
    pid = daemon.process.pid
    before, used, at = wakeups(pid), processor_seconds(pid), time.monotonic()
    time.sleep(SECONDS)
    rate = (wakeups(pid) - before) / (time.monotonic() - at)
    assert rate <= WAKEUPS_A_SECOND_MAX, f"{rate:.1f} wake-ups a second"
    assert processor_seconds(pid) - used < 0.05
    assert resident_megabytes(pid) < MEGABYTES_MAX
    for connected in idle:
        connected.close()
