"""A reeld under test: started on a store of its own, asked, stopped, killed, started again."""

import atexit
import functools
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROBLEM_PREFIX = "urn:reeld:problem:"
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 40


@dataclass
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The name of the problem; fails where the answer is none, or contradicts its own status."""
        assert self.headers["Content-Type"] == "application/problem+json", (self.status, self.body[:500])
        document = self.json
        assert document["type"].startswith(PROBLEM_PREFIX), document
        assert document["status"] == self.status, document
        assert document["title"] and document["detail"] and isinstance(document["retry"], bool), document
        return document["type"].removeprefix(PROBLEM_PREFIX)

    @classmethod
    def read(cls, connected: socket.socket, method: str = "GET") -> "Answer":
        """Reads one answer from a socket that a request was written to by hand."""
        response = http.client.HTTPResponse(connected, method=method)
        response.begin()
        return cls(response.status, response.headers, response.read())


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float = 60):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    """One store, one socket, and at most one process at a time."""

    def __init__(self, binary: Path, home: Path, store: Path | None = None, configuration: str = "",
                 key: Path | None = None):  # fmt: skip
        """key: of a store that was made elsewhere; the run's own, if not given."""
        self.binary = binary
        self.key = key
        self.home = home
        self.store = store or home / "store"
        self.socket = home / "reeld.sock"
        self.log = home / "reeld.log"
        # Where in it the process that runs now begins.
        self.log_start = 0
        # Named on the command line, so that no configuration of this machine takes part.
        self.configuration = home / "reeld.conf"
        self.configuration.write_text(configuration)
        self.process: subprocess.Popen | None = None

    # Its life.

    def command(self, *options: str) -> list[str]:
        return [
            str(self.binary), "serve", f"--config={self.configuration}", f"--store={self.store}",
            f"--key-file={self.key or key_file()}", f"--socket={self.socket}", "--listen=127.0.0.1:0", *options,
        ]  # fmt: skip

    def spawn(self):
        """Starts the process, and waits for nothing."""
        assert self.process is None
        self.log_start = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.home)

    def start(self) -> "Daemon":
        self.spawn()
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            assert self.process.poll() is None, f"reeld ended with {self.process.returncode}:\n{self.log_text}"
            try:
                if self.ask("GET", "/readyz").status == 200:
                    return self
            except OSError:
                pass
            assert time.monotonic() < deadline, f"reeld is not ready after {START_SECONDS_MAX} s:\n{self.log_text}"
            time.sleep(0.02)

    def signal(self, number: signal.Signals):
        self.process.send_signal(number)

    def wait(self) -> int:
        """Waits for the end that a signal asked for; the exit code."""
        try:
            return self.process.wait(STOP_SECONDS_MAX)
        finally:
            self.kill()

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        """kill -9; nothing when it does not run."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self):
        assert self.stop() == 0, self.log_text
        self.start()

    @property
    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def port(self) -> int:
        """The TCP port the kernel chose for the process that runs now, which says so once it is ready."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            with self.log.open("rb") as log:
                log.seek(self.log_start)
                told = re.search(rb" http://127\.0\.0\.1:(\d+)", log.read())
            if told:
                return int(told[1])
            assert time.monotonic() < deadline, f"reeld tells no port after {START_SECONDS_MAX} s:\n{self.log_text}"
            time.sleep(0.005)

    @property
    def token(self) -> str:
        """What reading over TCP wants."""
        return (self.store / "read.token").read_text().strip()

    # HTTP.

    def connect(self, timeout: float = 60) -> UnixConnection:
        return UnixConnection(self.socket, timeout)

    def ask(self, method: str, target: str, body=None, headers: dict | None = None, connection=None) -> Answer:
        """One request over the Unix socket, or over a connection that is kept."""
        own = connection is None
        connection = connection or self.connect()
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            if own:
                connection.close()

    def ask_tcp(self, method: str, target: str, body=None, headers: dict | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        return self.ask(method, target, body, headers, connection)

    def raw_socket(self, timeout: float = 60) -> socket.socket:
        """A socket to write by hand on."""
        connected = socket.socket(socket.AF_UNIX)
        connected.settimeout(timeout)
        connected.connect(str(self.socket))
        return connected

    def begin(self, **metadata) -> int:
        """Starts a recording; its number."""
        return self.begin_whole(**metadata)["number"]

    def begin_whole(self, **metadata) -> dict:
        answer = self.ask("POST", "/v1/recordings", json.dumps(metadata), {"Content-Type": "application/json"})
        assert answer.status in (200, 201), answer.body
        return answer.json

    def post(self, recording, events, writer=None, batch=None, headers: dict | None = None, connection=None) -> Answer:
        """Appends events, given as slices or as a whole body."""
        body = events if isinstance(events, bytes) else b"[" + b",".join(events) + b"]"
        headers = {"Content-Type": "application/json"} | (headers or {})
        if writer is not None:
            headers["Reeld-Writer"] = writer
        if batch is not None:
            headers["Reeld-Batch"] = str(batch)
        return self.ask("POST", f"/v1/recordings/{recording}/events", body, headers, connection)

    def events_text(self, recording) -> bytes:
        answer = self.ask("GET", f"/v1/recordings/{recording}/events")
        assert answer.status == 200, answer.body
        return answer.body

    def show(self, recording) -> dict:
        return self.ask("GET", f"/v1/recordings/{recording}").json

    def metrics(self) -> dict[str, float]:
        """The samples of /metrics by name and labels."""
        text = self.ask("GET", "/metrics").body.decode()
        samples = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in samples}

    def figures(self) -> dict:
        """What a request that is refused must not change."""
        figures = self.ask("GET", "/v1/store").json
        return {name: figures[name] for name in ("id", "recordings", "open", "segments", "log_bytes", "lsn")}

    # The command line.

    def curl(self, *arguments: str, body: bytes | None = None) -> bytes:
        command = ["curl", "--silent", "--show-error", "--fail-with-body", "--unix-socket", str(self.socket)]
        done = subprocess.run([*command, *arguments], input=body, capture_output=True, timeout=120)
        assert done.returncode == 0, (arguments, done.stdout[:500], done.stderr)
        return done.stdout

    def reeld(self, *words: str, exit_code: int = 0) -> subprocess.CompletedProcess:
        """A command that talks to the daemon."""
        return self.run(*words, f"--socket={self.socket}", exit_code=exit_code)

    def reeld_store(self, *words: str, exit_code: int = 0) -> subprocess.CompletedProcess:
        """A command that works on the store itself."""
        return self.run(*words, f"--store={self.store}", exit_code=exit_code)

    def run(self, *words: str, exit_code: int = 0) -> subprocess.CompletedProcess:
        done = subprocess.run([str(self.binary), *words], capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
        assert done.returncode == exit_code, (words, done.returncode, done.stdout[-1000:], done.stderr)
        return done


class Household:
    """The daemons of one test; nothing of them is left at its end."""

    def __init__(self, binary: Path):
        self.binary = binary
        self.daemons: list[Daemon] = []

    def prepare(self, **options) -> Daemon:
        # Not pytest's own directory: a Unix socket's path has room for 107 bytes.
        home = Path(tempfile.mkdtemp(prefix="reeld-test-"))
        daemon = Daemon(self.binary, home, **options)
        self.daemons.append(daemon)
        return daemon

    def start(self, **options) -> Daemon:
        return self.prepare(**options).start()

    def close(self):
        for daemon in self.daemons:
            daemon.kill()
            shutil.rmtree(daemon.home, ignore_errors=True)


@functools.cache
def key_file() -> Path:
    """One key for all stores of a run, as some are copied; commands find it by the environment."""
    directory = Path(tempfile.mkdtemp(prefix="reeld-key-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    path = directory / "store.key"
    subprocess.run([str(binary()), "key", "generate", str(path)], check=True, capture_output=True)
    os.environ["REELD_KEY_FILE"] = str(path)
    return path


def binary() -> Path:
    """The binary under test, from $REELD."""
    path = os.environ.get("REELD")
    assert path, "say which binary to test: REELD=$(packaging/build)"
    assert os.access(path, os.X_OK), f"REELD={path} is no program"
    return Path(path).resolve()
