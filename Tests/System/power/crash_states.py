"""The disks that a power cut could have left, each mounted and looked through with the program under test."""

import os
import random
import shutil
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from daemon import Daemon
from power.book import Book
from power.judge import Finding, judge
from power.write_log import Disk, WriteLog, lose

MOUNT_OPTIONS = {"ext4": "loop", "xfs": "loop,nouuid"}

MADE_GOOD = "the key of a recording that was erased is not destroyed; the next start destroys it"


class Examiner:
    """Looks through images of a store's disk. file_system: ext4 or xfs. key: a file with the store's key."""

    def __init__(self, binary: Path, key: Path, file_system: str, work: Path):
        self.binary = binary
        self.key = key
        self.file_system = file_system
        self.work = work

    def examine(self, image: Path, book: Book, judged=judge) -> list[Finding]:
        """Everything in which a store differs from the book. The image is changed by it, as by any start.

        judged: what is done with the book and the daemon that serves the store.
        """
        # Not below the images: a Unix socket's path has room for 107 bytes.
        home = Path(tempfile.mkdtemp(prefix="reeld-cut-"))
        store = home / "store"
        store.mkdir()
        options = f"{MOUNT_OPTIONS[self.file_system]}"
        mounted = subprocess.run(["mount", "-t", self.file_system, "-o", options, str(image), str(store)],
                                 capture_output=True, text=True)  # fmt: skip
        try:
            if mounted.returncode:
                return [Finding("not mounted", mounted.stderr.strip())]
            return self.look_through(home, store, book, judged)
        finally:
            if not mounted.returncode:
                subprocess.run(["umount", str(store)], check=True)
            shutil.rmtree(home)

    def look_through(self, home: Path, store: Path, book: Book, judged) -> list[Finding]:
        # The machine that wrote it has other users.
        subprocess.run(["chown", "-R", "--no-dereference", f"{os.getuid()}:{os.getgid()}", str(store)], check=True)
        findings = self.verify(store, is_recovered=False)
        daemon = Daemon(self.binary, home, store=store, key=self.key)
        try:
            daemon.start()
            findings += judged(book, lambda method, target: answer(daemon, method, target))
        except (AssertionError, OSError) as error:
            findings.append(Finding("lost", f"the daemon does not serve the store: {error}"))
        finally:
            daemon.kill()
        return findings + self.verify(store, is_recovered=True)

    def verify(self, store: Path, is_recovered: bool) -> list[Finding]:
        """Sound; before a recovery but for what FORMAT.md says that it makes good, and that verify tells."""
        done = subprocess.run([str(self.binary), "verify", f"--store={store}", f"--key-file={self.key}"],
                              capture_output=True, text=True)  # fmt: skip
        if done.returncode == 0 and "sound" in done.stdout:
            return []
        told = (done.stdout + done.stderr).splitlines()
        places = [line for line in told if not line.startswith(f"{store}: damaged: ")]
        if not is_recovered and places and all(line.endswith(MADE_GOOD) for line in places):
            return []
        return [Finding(f"verify {'after' if is_recovered else 'before'} recovery", "\n".join(told))]


def answer(daemon: Daemon, method: str, target: str) -> tuple[int, bytes]:
    told = daemon.ask(method, target)
    return told.status, told.body


class Crashes:
    """Power cuts at writes of a log, all of them after the first batch was answered.

    base: the disk before the first write. told_offset: where on it the writers' lines begin.
    """

    def __init__(self, log: WriteLog, base: Path, told_offset: int):
        self.log = log
        self.base = base
        self.lines = log.lines(told_offset)
        self.first = next(index for index, line in self.lines if line.startswith("wrote "))

    def try_some(self, examiner: Examiner, count: int, chance: random.Random, honours_flushes: bool = True):
        """Examines so many of them; gives for each the write it was at and what was found.

        honours_flushes: false for a disk that loses what it was told to flush, too.
        """
        cuts = sorted(chance.randrange(self.first, len(self.log.writes)) for _ in range(count))
        disk = Disk(self.log, examiner.work / "durable.img")
        shutil.copyfile(self.base, disk.image)
        # As many as are looked at, and two that wait: each takes the room of a disk.
        room = threading.Semaphore((os.cpu_count() or 1) + 2)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            tried = []
            for number, cut in enumerate(cuts):
                room.acquire()
                # Everything before is there; of what is behind a part.
                durable = self.log.last_flush(cut) if honours_flushes else chance.randrange(disk.count, cut + 1)
                disk.advance(durable)
                image = examiner.work / f"state-{number}.img"
                subprocess.run(["cp", "--sparse=always", str(disk.image), str(image)], check=True)
                lose(self.log, image, range(durable, cut + 1), chance)
                book = Book([line for index, line in self.lines if index < cut])
                tried.append((cut, pool.submit(self.examine, examiner, image, book, room)))
            return [(cut, future.result()) for cut, future in tried]

    @staticmethod
    def examine(examiner: Examiner, image: Path, book: Book, room: threading.Semaphore) -> list[Finding]:
        try:
            return examiner.examine(image, book)
        finally:
            image.unlink()
            room.release()
