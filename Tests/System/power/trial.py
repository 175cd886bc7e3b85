"""A machine that writes to a store's disk of its own, and whose plug is pulled. Runs on the host."""

import json
import os
from pathlib import Path

from power.book import WORDS
from qemu import HERE, Boot, Machine, drive, run

MEBIBYTE = 1 << 20
# The least that mkfs.xfs makes; the writers' lines lie behind the file system.
FILE_SYSTEM_BYTES = 320 * MEBIBYTE
TOLD_BYTES = 16 * MEBIBYTE
MAKE = {"ext4": ["mke2fs", "-q", "-t", "ext4"], "xfs": ["mkfs.xfs", "-q", "-f"]}


class Trial:
    """A machine with the package on it, and a store's disk of its own."""

    def __init__(self, options, work: Path, syncs: bool = True):
        """options: of the command line. syncs: false for a daemon whose syncs do nothing."""
        self.options = options
        self.work = work
        self.syncs = syncs
        self.boots = 0
        self.lines: list[str] = []
        self.key = work / "store.key"
        self.store = work / "store.img"
        self.base = work / "base.img"
        self.log = work / "log.img"
        (work / "machine").mkdir(parents=True)
        self.machine = Machine(options.disk, work / "machine")
        with self.store.open("wb") as image:
            image.truncate(FILE_SYSTEM_BYTES)
        run(*MAKE[options.file_system], str(self.store))
        os.truncate(self.store, FILE_SYSTEM_BYTES + TOLD_BYTES)
        run("cp", "--sparse=always", str(self.store), str(self.base))
        with self.log.open("wb") as image:
            image.truncate(64 << 30)

    def boot(self, writes: bool = True) -> Boot:
        """Switches the machine on. Its first boot is the one whose writes are logged."""
        is_first = self.boots == 0
        told = {"first_boot": is_first, "writes": writes, "seed": f"{self.options.seed}/{self.boots}",
                "told_offset": FILE_SYSTEM_BYTES, "syncs": self.syncs}  # fmt: skip
        self.boots += 1
        files = {"options.json": json.dumps(told).encode(), "book": "\n".join(self.lines).encode(),
                 "reeld.deb": self.options.package}  # fmt: skip
        if not self.syncs:
            library = self.work / "no-sync.so"
            run("cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(HERE / "power" / "no_sync.c"))
            files["no-sync.so"] = library
        self.machine.give("power/load.py", files)
        disk = self.logged_disk() if is_first else drive("store", self.store, interface="none")
        # Plain writes and flushes are all that the log tells of.
        device = "virtio-blk-pci,drive=store,serial=store,discard=off,write-zeroes=off"
        return self.machine.boot(*disk, "-device", device)

    def logged_disk(self) -> list[str]:
        """The store's disk, with every write and flush put down as the disk is told of it."""
        log = {"driver": "raw", "node-name": "log",
               "file": {"driver": "file", "filename": str(self.log), "cache": {"no-flush": True}}}  # fmt: skip
        store = {"driver": "blklogwrites", "node-name": "store", "log": "log", "log-sector-size": 512,
                 "file": {"driver": "raw", "file": {"driver": "file", "filename": str(self.store)}}}  # fmt: skip
        return ["-blockdev", json.dumps(log), "-blockdev", json.dumps(store)]

    def cut(self, boot: Boot, lines: int):
        """Pulls the plug once so many lines more were said."""
        boot.until("the writers have written enough", lambda told: len(said(told)) >= lines)
        boot.pull_the_plug()
        told = boot.told()
        self.lines += said(told)
        for line in told:
            if line.startswith("key "):
                self.key.write_text(line.removeprefix("key ") + "\n")
                self.key.chmod(0o400)


def said(told: list[str]) -> list[str]:
    """The writers' lines of all that was told."""
    return [line for line in told if line.split(" ", 1)[0] in WORDS]
