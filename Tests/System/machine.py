"""What a story does on its machine: commands, users, requests over the Unix socket, waiting. Runs inside of it."""

import http.client
import json
import re
import socket
import struct
import subprocess
import sys
import time
import traceback
from contextlib import contextmanager
from pathlib import Path

PACKAGE = "/payload/reeld.deb"
LATER = "/payload/later.deb"
RECORDINGS = Path("/payload/recordings")
SOCKET = "/run/reeld/reeld.sock"
STORE = Path("/var/lib/reeld")
CREDENTIAL = Path("/etc/credstore.encrypted/reeld.key")
# Far beyond what a loaded machine needs: time decides nothing.
PATIENCE_SECONDS = 240


@contextmanager
def step(claim: str):
    """A claim that holds when its body does; the story ends at the first that does not."""
    begin = time.monotonic()
    try:
        yield
    except BaseException:
        print(f"FAILED {claim}")
        traceback.print_exc(file=sys.stdout)
        sys.exit(1)
    print(f"ok {claim} ({time.monotonic() - begin:.1f} s)")


def run(*words: str, exit_code: int | None = 0, user: str = "", stdin: bytes = b"") -> str:
    """Runs a command, as root or another user, and gives what it wrote to both its outputs.

    exit_code: None takes any.
    """
    command = ["runuser", "-u", user, "--", *words] if user else list(words)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, input=stdin, timeout=900)
    text = done.stdout.decode(errors="replace")
    assert exit_code is None or done.returncode == exit_code, (words, done.returncode, text[-4000:])
    return text


def until(what: str, condition):
    """Waits for a condition, and gives what it gave."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"not in {PATIENCE_SECONDS} s: {what}"
        time.sleep(0.05)


def install(package: str = PACKAGE) -> str:
    """As the README says, but that what the package depends on has been downloaded before."""
    options = ["-o", "Dpkg::Options::=--force-confold", "--no-install-recommends"]
    return run("apt-get", "-y", *options, "install", package)


def add_user(name: str, *groups: str):
    run("useradd", "--create-home", *(["--groups", ",".join(groups)] if groups else []), name)


def unit(name: str, unit_name: str = "reeld.service") -> str:
    """A property of a unit, as systemctl show has it."""
    return run("systemctl", "show", "--value", "-p", name, unit_name).strip()


def is_up() -> bool:
    return unit("ActiveState") == "active" and unit("SubState") == "running"


def journal(*matches: str) -> list[dict]:
    """Entries that match, oldest first, once journald has what was sent before."""
    run("journalctl", "--sync")
    return [json.loads(line) for line in run("journalctl", "-o", "json", "--no-pager", *matches).splitlines()
            if line.startswith("{")]  # fmt: skip


def journal_text(unit_name: str = "reeld.service") -> str:
    return "\n".join(str(entry.get("MESSAGE", "")) for entry in journal("-u", unit_name))


def message_id(kind: str) -> str:
    """The MESSAGE_ID of a kind, by the subject it has in the catalog."""
    text = Path("/usr/lib/systemd/catalog/reeld.catalog").read_text()
    return re.search(rf"-- ([0-9a-f]{{32}})\nSubject: {re.escape(kind)}\n", text)[1]


class Connection(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("localhost", timeout=PATIENCE_SECONDS)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


def ask(method: str, target: str, body: bytes | None = None, headers: dict | None = None) -> tuple[int, bytes]:
    """One request as root, on a connection of its own."""
    connection = Connection()
    try:
        connection.request(method, target, body, {"Content-Type": "application/json"} | (headers or {}))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def record(user: str = "", name: str = "form.json"):
    """Makes a recording, as an agent of that user would."""
    return run("reeld", "import", str(RECORDINGS / name), user=user)


def events(number: int) -> list:
    status, body = ask("GET", f"/v1/recordings/{number}/events")
    assert status == 200, (status, body)
    return json.loads(body)


@contextmanager
def store_of_newer_version():
    """The store says that a program of the next format's version made it, until the end. Nobody may have touched it."""
    names = [STORE / "store", STORE / "keys" / "store"]
    identities = [name.read_bytes() for name in names]
    stamped = []
    for name, identity in zip(names, identities):
        newer = identity[:4] + struct.pack("<I", 2) + identity[8:508]
        stamped.append(newer + struct.pack("<I", _crc32c(newer)))
        name.write_bytes(stamped[-1])
    yield
    assert [name.read_bytes() for name in names] == stamped
    for name, identity in zip(names, identities):
        name.write_bytes(identity)


def _crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
