"""Writes under load until the plug is pulled, and says what was asked and answered, over a port to the host and in a
part of the store's own disk that is in no file system. After a cut it looks first whether all that was said is there.

`options.json` beside it: first_boot, writes, seed, told_offset (of the disk, in bytes), and syncs: false for a daemon
whose syncs do nothing. `book` has the lines of the boots before.
"""

import http.client
import json
import mmap
import os
import random
import threading
import time
from pathlib import Path

from machine import CREDENTIAL, Connection, ask, install, is_up, run, step, until
from power.book import Book, batch, recording_id
from power.judge import judge

WRITERS = 6
STORE_DISK = "/dev/disk/by-id/virtio-store"
SECTOR = 512
# Small ones, so that seconds of writing meet rotation, compaction and checkpoints.
CONFIGURATION = """
[store]
segment_size = 1M
[compaction]
small_frames = 16
chunk_size = 64K
[recording]
grace = 0s
"""


class Teller:
    """Says lines where a cut does not reach what was said."""

    def __init__(self, told_offset: int):
        self.lock = threading.Lock()
        self.port = os.open("/dev/virtio-ports/told", os.O_WRONLY)
        self.disk = os.open(STORE_DISK, os.O_WRONLY | os.O_DIRECT)
        self.offset = told_offset
        # O_DIRECT wants a page.
        self.sector = mmap.mmap(-1, SECTOR)

    def report(self, line: str):
        """To the host alone."""
        with self.lock:
            os.write(self.port, f"{line}\n".encode())

    def say(self, line: str):
        """To the host, and to the disk: it is there among the daemon's own writes, in the order of time."""
        with self.lock:
            self.sector[:] = line.encode().ljust(SECTOR, b"\0")
            assert os.pwritev(self.disk, [self.sector], self.offset) == SECTOR
            self.offset += SECTOR
            os.write(self.port, f"{line}\n".encode())


class Writer:
    def __init__(self, teller: Teller, seed: str):
        self.teller = teller
        self.chance = random.Random(seed)
        self.connection = Connection()
        self.ended: list[tuple[str, int]] = []

    def run(self):
        while True:
            self.record()
            if self.ended and self.chance.random() < 0.25:
                name, number = self.ended.pop(self.chance.randrange(len(self.ended)))
                self.teller.say(f"erase {name}")
                self.ask(200, "DELETE", f"/v1/recordings/{number}")
                self.teller.say(f"erased {name}")

    def record(self):
        name = recording_id(self.chance)
        self.teller.say(f"begin {name}")
        number = self.ask(201, "POST", "/v1/recordings", json.dumps({"id": name}).encode())["number"]
        self.teller.say(f"begun {name} {number}")
        ordinal = 0
        for index in range(self.chance.randrange(40)):
            events = batch(name, index)
            told = self.ask(201, "POST", f"/v1/recordings/{number}/events", b"[" + b",".join(events) + b"]",
                            {"Reeld-Writer": "writer", "Reeld-Batch": str(index)})  # fmt: skip
            assert (told["first"], told["count"]) == (ordinal, len(events)), told
            ordinal += len(events)
            self.teller.say(f"wrote {name} {index}")
        if self.chance.random() < 0.7:
            self.teller.say(f"end {name}")
            self.ask(200, "POST", f"/v1/recordings/{number}/end", b"")
            self.teller.say(f"ended {name}")
            self.ended.append((name, number))

    def ask(self, expected: int, method: str, target: str, body: bytes | None = None, more_headers=()) -> dict:
        """The one answer that there may be: nothing fails here but by the cut."""
        headers = {"Content-Type": "application/json"} | dict(more_headers)
        while True:
            self.connection.request(method, target, body, headers)
            response = self.connection.getresponse()
            answer = response.read()
            if response.status != 503:
                break
            time.sleep(0.05)
        assert response.status == expected, (method, target, response.status, answer[:500])
        return json.loads(answer)


def set_up(options: dict):
    """The package on a store's disk of its own; what cuts the power later must not find the installation half done."""
    store = Path("/var/lib/reeld")
    store.mkdir()
    with open("/etc/fstab", "a") as fstab:
        fstab.write(f"{STORE_DISK} {store} auto x-systemd.device-timeout=30min 0 0\n")
    run("systemctl", "daemon-reload")
    run("mount", str(store))
    settings = Path("/etc/reeld/reeld.conf.d/10-load.conf")
    settings.parent.mkdir(parents=True)
    settings.write_text(CONFIGURATION)
    if not options["syncs"]:
        run("install", "-m", "644", "no-sync.so", "/usr/local/lib/no-sync.so")
        drop_in = Path("/etc/systemd/system/reeld.service.d/no-sync.conf")
        drop_in.parent.mkdir()
        drop_in.write_text("[Service]\nEnvironment=LD_PRELOAD=/usr/local/lib/no-sync.so\n")
    install()
    run("sync", "-f", "/")


def write(options: dict, teller: Teller):
    failures: list[BaseException] = []

    def work(index: int):
        try:
            Writer(teller, f"{options['seed']}/{index}").run()
        except (OSError, http.client.HTTPException, AssertionError) as error:
            failures.append(error)

    for index in range(WRITERS):
        threading.Thread(target=work, args=(index,), daemon=True).start()
    while not failures:
        time.sleep(0.1)
    raise failures[0]


options = json.loads(Path("options.json").read_text())
teller = Teller(options["told_offset"])
if options["first_boot"]:
    with step("the package is installed on a store's disk"):
        set_up(options)
        assert is_up()
    teller.report("key " + run("systemd-creds", "decrypt", "--name=reeld.key", str(CREDENTIAL), "-").strip())
else:
    book = Book(Path("book").read_text().splitlines())
    with step("after a power cut the daemon runs"):
        until("it runs", is_up)
    with step(f"all {book.batches} batches are there, once and byte for byte, and nothing that was never sent"):
        findings = judge(book, ask)
        assert not findings, "\n".join(map(str, findings[:20]))
    with step("verify finds the store sound"):
        told = run("systemd-run", "--quiet", "--pipe", "--wait", "-p", "User=reeld", "-p",
                   "LoadCredentialEncrypted=reeld.key", "reeld", "verify")  # fmt: skip
        assert "sound" in told, told
    teller.report("checked")
if options["writes"]:
    with step("writers go on until the plug is pulled"):
        write(options, teller)
