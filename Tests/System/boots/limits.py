"""The unit's limits, which only a machine of its own enforces: a flood stays within them, and smaller ones bite."""

import http.client
import json
import os
import re
import resource
import threading
from pathlib import Path

from machine import Connection, ask, events, install, is_up, journal_text, record, run, step, unit, until

GROUP = Path("/sys/fs/cgroup/system.slice/reeld.service")
DROP_IN = Path("/run/systemd/system/reeld.service.d/limits.conf")
# 60 MB in 30 events of hexadecimal, which hardly compresses.
LARGE_EVENTS = 30
LARGE_WRITERS = 12
IDLE_CONNECTIONS = 4_000
SMALL_WRITERS = 8


def counter(file: str, name: str) -> int:
    return int(re.search(rf"^{name} (\d+)$", (GROUP / file).read_text(), re.M)[1])


def number(file: str) -> int:
    return int((GROUP / file).read_text())


def megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


def large_body() -> bytes:
    texts = [os.urandom(1_000_000).hex() for _ in range(LARGE_EVENTS)]
    return json.dumps([{"type": 3, "timestamp": 1_700_000_000_000, "data": {"text": text}} for text in texts]).encode()


def begin() -> int:
    status, body = ask("POST", "/v1/recordings", b"{}")
    assert status == 201, body
    return json.loads(body)["number"]


class Flood:
    """Writers at the same time; what each was answered. An answer is a status, or what broke instead."""

    def __init__(self):
        self.answers: list = []
        # Of large bodies: how many were stored.
        self.large_stored = 0
        # Of small batches: recording, and how many it was answered for.
        self.written: dict[int, int] = {}
        self.is_wanted = True

    def send(self, recording: int, body: bytes):
        connection = Connection()
        try:
            try:
                headers = {"Content-Type": "application/json"}
                connection.request("POST", f"/v1/recordings/{recording}/events", body, headers)
            except BrokenPipeError:
                # Answered before all of it was sent: the answer is there to be read.
                pass
            response = connection.getresponse()
            answer = response.read()
            status = response.status
            self.answers.append((status, json.loads(answer)["type"].rsplit(":", 1)[1]) if status >= 400 else status)
            return status
        except (OSError, http.client.HTTPException) as error:
            self.answers.append(repr(error))
            return None
        finally:
            connection.close()

    def write_large(self, recording: int, body: bytes):
        if self.send(recording, body) == 201:
            self.large_stored += 1

    def write_small(self, recording: int):
        while self.is_wanted:
            batch = self.written.setdefault(recording, 0)
            body = json.dumps([{"type": 3, "timestamp": 1_700_000_000_000, "data": batch}]).encode()
            if self.send(recording, body) == 201:
                self.written[recording] += 1

    def run(self, large: list[bytes]):
        small = [threading.Thread(target=self.write_small, args=(begin(),)) for _ in range(SMALL_WRITERS)]
        writers = [threading.Thread(target=self.write_large, args=(begin(), body)) for body in large]
        for thread in small + writers:
            thread.start()
        for thread in writers:
            thread.join()
        self.is_wanted = False
        for thread in small:
            thread.join()

    def assert_kept(self):
        """Every answered small batch is there, in its place."""
        for recording, count in self.written.items():
            found = [event["data"] for event in events(recording)]
            assert found[:count] == list(range(count)), (recording, count, found[-5:])


def restart(limits: str):
    """Under other limits; the socket keeps who comes meanwhile waiting."""
    DROP_IN.parent.mkdir(parents=True, exist_ok=True)
    DROP_IN.write_text(f"[Service]\n{limits}\n")
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "reeld.service", exit_code=None)


install()
# This program's own, not the daemon's.
resource.setrlimit(resource.RLIMIT_NOFILE, (2 * IDLE_CONNECTIONS, 2 * IDLE_CONNECTIONS))
record()
before = events(1)
body = large_body()

with step("idle it takes little"):
    until("it is idle", lambda: number("pids.current") > 1)
    print(f"idle: {megabytes(counter('memory.stat', 'anon'))} of its own, {number('pids.current')} tasks")
    assert number("memory.max") == 1 << 30 and number("pids.max") == 128

with step(f"a flood of {LARGE_WRITERS} bodies of {len(body) // 1_000_000} MB and small ones, beside {IDLE_CONNECTIONS} "
          "idle connections, stays within MemoryMax and TasksMax"):  # fmt: skip
    idle = [Connection() for _ in range(IDLE_CONNECTIONS)]
    for connection in idle:
        connection.connect()
    pid = unit("MainPID")
    flood = Flood()
    tasks_most = 0
    flood_thread = threading.Thread(target=flood.run, args=([body] * LARGE_WRITERS,))
    flood_thread.start()
    while flood_thread.is_alive():
        tasks_most = max(tasks_most, number("pids.current"))
        flood_thread.join(0.05)
    for connection in idle:
        connection.close()
    resident = int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) * 1024
    answers = {str(answer): flood.answers.count(answer) for answer in flood.answers}
    print(f"answers {answers}; at most {megabytes(resident)} resident, {megabytes(number('memory.peak'))} with the page "
          f"cache, {tasks_most} tasks")  # fmt: skip
    assert unit("MainPID") == pid and unit("NRestarts") == "0"
    assert counter("memory.events", "oom_kill") == 0 and counter("pids.events", "max") == 0

with step("all of it was answered: stored, or refused in the daemon's own words that say to try again"):
    assert flood.large_stored > 0
    assert {answer for answer in flood.answers if answer != 201} <= {(503, "busy"), (503, "queue-full")}, answers
    flood.assert_kept()

with step("control: under a smaller MemoryMax the kernel kills it in a smaller flood, and systemd starts it"):
    restart("MemoryMax=48M\nMemorySwapMax=0")
    assert is_up()
    pid = unit("MainPID")
    flood = Flood()
    flood.run([body] * 2)
    until("the kernel kills it", lambda: "oom-kill" in journal_text())
    until("systemd starts it again", lambda: is_up() and unit("MainPID") != pid)
    print(f"started again {unit('NRestarts')} times")

with step("what was answered meanwhile is there"):
    DROP_IN.unlink()
    run("systemctl", "daemon-reload")
    run("systemctl", "reset-failed", "reeld.service")
    run("systemctl", "restart", "reeld.service")
    assert flood.written and is_up()
    flood.assert_kept()
    assert events(1) == before

with step("control: under a TasksMax that is too small the daemon says so, and serves once it is larger"):
    restart("TasksMax=4")
    until("systemd gives up", lambda: unit("ActiveState") == "failed")
    assert "cannot start a thread" in journal_text() and "TasksMax" in journal_text(), journal_text()[-3000:]
    DROP_IN.unlink()
    run("systemctl", "daemon-reload")
    run("systemctl", "reset-failed", "reeld.service", "reeld.socket")
    run("systemctl", "start", "reeld.service")
    assert is_up() and events(1) == before
