"""System calls of a running daemon that fail on purpose, by strace."""

import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

ATTACH_SECONDS_MAX = 60


class Injection:
    """While it lasts, calls of a daemon get an error: `with Injection(daemon, "fdatasync:error=EIO:when=1"):`.

    Counting begins anew for each thread. `paths` limits it to calls on these files, by name or descriptor.
    """

    def __init__(self, daemon, *faults: str, paths=()):
        self.daemon = daemon
        self.faults = faults
        self.paths = paths
        self.output = tempfile.TemporaryFile()
        self.strace = None

    def __enter__(self) -> "Injection":
        calls = ",".join(fault.partition(":")[0] for fault in self.faults)
        command = ["strace", "-f", "-q", "-e", f"trace={calls}"]
        for fault in self.faults:
            command += ["-e", f"inject={fault}"]
        for path in self.paths:
            command += ["-P", str(path)]
        pid = self.daemon.process.pid
        self.strace = subprocess.Popen([*command, "-p", str(pid)], stderr=self.output, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + ATTACH_SECONDS_MAX
        while not is_traced(pid):
            # Without it nothing here is shown: a failure, and no reason to skip.
            if self.strace.poll() is not None:
                pytest.fail(f"strace cannot attach to {pid}; allow ptrace for these tests:\n{self.said}")
            assert time.monotonic() < deadline, self.said
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.strace.send_signal(signal.SIGINT)
        self.strace.wait(ATTACH_SECONDS_MAX)

    @property
    def said(self) -> str:
        self.output.seek(0)
        return self.output.read().decode(errors="replace")

    @property
    def count(self) -> int:
        """Calls that were made to fail."""
        return self.said.count("(INJECTED)")


def is_traced(pid: int) -> bool:
    """Whether every thread is."""
    states = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status")]
    return all("\nTracerPid:\t0\n" not in state for state in states)
