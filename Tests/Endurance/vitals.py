"""What a process holds, as the kernel tells it, and whether a series of such readings stays flat."""

import os
import statistics
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

MEGABYTE = 1 << 20
# Beyond what the first half of a run held: room for tables that the load itself makes longer, and for the allocator.
GROWTH_FACTOR_MAX = 1.15
GROWTH_BYTES_MAX = 6 * MEGABYTE
# Files of a store that are opened when they are first needed: segments, the keyring's, what tells of erasures.
PARTS = (".seg", ".ring", "/erased.ledger")


@dataclass
class Vitals:
    """One reading of /proc/<pid>."""

    private_bytes: int
    threads: Counter
    # Open files by what they are; sockets and event queues by their kind.
    files: Counter = field(default_factory=Counter)

    @classmethod
    def of(cls, pid: int) -> "Vitals":
        process = Path(f"/proc/{pid}")
        private = sum(int(line.split()[1]) for line in (process / "smaps_rollup").read_text().splitlines()
                      if line.startswith(("Private_Clean:", "Private_Dirty:")))  # fmt: skip
        threads = Counter()
        for task in (process / "task").iterdir():
            threads[_gone_is_none(lambda: (task / "comm").read_text().strip())] += 1
        files = Counter()
        for link in (process / "fd").iterdir():
            target = _gone_is_none(lambda: os.readlink(link))
            if target is not None:
                files[target.split(":")[0] if ":" in target else target] += 1
        return cls(private * 1024, threads, files)

    @property
    def file_count(self) -> int:
        return sum(self.files.values())

    @property
    def sockets(self) -> int:
        return self.files["socket"]

    @property
    def others(self) -> Counter:
        """All that is neither a socket nor a part of the store: what must be the same before and after."""
        return Counter({name: count for name, count in self.files.items()
                        if name != "socket" and not name.endswith(PARTS)})  # fmt: skip

    @property
    def parts(self) -> Counter:
        return Counter({Path(name).name: count for name, count in self.files.items() if name.endswith(PARTS)})

    @property
    def deleted(self) -> list[str]:
        """Files that are open and no longer in any directory: room that `df` counts and `du` does not."""
        return [name for name in self.files if name.endswith(" (deleted)")]


def _gone_is_none(read):
    try:
        return read()
    except OSError:
        return None


def growth(private_bytes: list[int]) -> str | None:
    """What is wrong with memory over a run: its second half's level lies above the first one's. Nil when it is flat.

    The first tenth is left out: caches and pools fill.
    """
    settled = private_bytes[len(private_bytes) // 10 :]
    assert len(settled) >= 8, f"{len(private_bytes)} readings are too few to tell a level"
    first, second = settled[: len(settled) // 2], settled[len(settled) // 2 :]
    before, after = statistics.median(first), statistics.median(second)
    if after <= before * GROWTH_FACTOR_MAX + GROWTH_BYTES_MAX:
        return None
    return f"private memory went from {before / MEGABYTE:.1f} to {after / MEGABYTE:.1f} MB"


def difference(before: Vitals, after: Vitals) -> list[str]:
    """What a process holds after its load that it did not hold before; nobody is connected at either moment."""
    wrong = []
    if before.threads != after.threads:
        wrong.append(f"threads were {dict(before.threads)} and are {dict(after.threads)}")
    if before.sockets != after.sockets:
        wrong.append(f"{before.sockets} sockets were open, and {after.sockets} are")
    if before.others != after.others:
        more, fewer = dict(after.others - before.others), dict(before.others - after.others)
        wrong.append(f"other open files: {more} more, {fewer} fewer")
    wrong += [f"an open file is deleted: {name}" for name in after.deleted]
    wrong += [f"{name} is open {count} times" for name, count in after.parts.items() if count != 1]
    return wrong
