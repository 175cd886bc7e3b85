"""What a disk was told, in order: a log of qemu's blklogwrites, and the disks that a power cut could have left.

The format is that of the kernel's dm-log-writes: a superblock, then entries; numbers are little-endian. An entry is a
sector that says where, how much and how was written, then the data.
"""

import random
import struct
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
MAGIC = 0x6A736677736872
FLUSH, FUA = 1, 2


@dataclass(frozen=True)
class Write:
    """offset: of the disk, in bytes. data_offset: of the log. A flush alone has no size."""

    offset: int
    size: int
    data_offset: int
    flushes: bool
    is_durable: bool


class WriteLog:
    def __init__(self, path: Path):
        self.file = path.open("rb")
        magic, version, _, sector = struct.unpack("<QQQI", self.file.read(28))
        assert (magic, version, sector) == (MAGIC, 1, SECTOR), (magic, version, sector)
        self.writes: list[Write] = []
        position, end = SECTOR, path.stat().st_size
        while position + SECTOR <= end:
            self.file.seek(position)
            sector, sectors, flags, _ = struct.unpack("<QQQQ", self.file.read(32))
            # Behind the last entry, which a kill may have cut short, are zeros.
            if (sectors == 0 and flags == 0) or position + SECTOR + sectors * SECTOR > end:
                break
            assert not flags & ~(FLUSH | FUA), f"flags {flags:#x} at byte {position} of the log"
            data_offset, size = position + SECTOR, sectors * SECTOR
            self.writes.append(Write(sector * SECTOR, size, data_offset, bool(flags & FLUSH), bool(flags & FUA)))
            position = data_offset + size

    def data(self, write: Write) -> bytes:
        self.file.seek(write.data_offset)
        return self.file.read(write.size)

    def lines(self, offset: int) -> list[tuple[int, str]]:
        """What was written from that byte of the disk on, a line in each sector: index of the write, line."""
        return [(index, self.data(write).rstrip(b"\0").decode())
                for index, write in enumerate(self.writes) if write.size and write.offset >= offset]  # fmt: skip

    def last_flush(self, index: int) -> int:
        """How many writes the last flush up to a write, itself included, has made durable."""
        while index >= 0 and not self.writes[index].flushes:
            index -= 1
        return index + 1


class Disk:
    """A disk that was told everything up to the last flush, as an image that moves forward in the log."""

    def __init__(self, log: WriteLog, image: Path):
        self.log = log
        self.image = image
        self.count = 0

    def advance(self, count: int):
        """Takes the first `count` writes in; `count` never goes back."""
        assert count >= self.count
        with self.image.open("r+b") as disk:
            for write in self.log.writes[self.count:count]:
                disk.seek(write.offset)
                disk.write(self.log.data(write))
        self.count = count


def lose(log: WriteLog, image: Path, writes: range, chance: random.Random):
    """Writes to an image what a cache that is not flushed may have kept of these writes: any of them, some in part.

    A disk promises to write single sectors whole, and no more than that.
    """
    share = chance.choice((0.0, 0.3, 0.7, 1.0))
    tears = chance.random() < 0.5
    with image.open("r+b") as disk:
        for write in (log.writes[index] for index in writes):
            if not write.is_durable and chance.random() >= share:
                continue
            data = log.data(write)
            is_torn = tears and not write.is_durable and chance.random() < 0.2
            for start in range(0, write.size, SECTOR if is_torn else max(write.size, 1)):
                if not is_torn or chance.random() < 0.5:
                    disk.seek(write.offset + start)
                    disk.write(data[start:start + SECTOR] if is_torn else data)
