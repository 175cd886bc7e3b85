"""A disk that fills up: writers are refused, nothing is half-written, readers are served, and it goes on with space."""

import os
import random
import subprocess

import pytest

from events import assert_holds, one

SIZE_MEGABYTES = 32


def mount_tmpfs(directory):
    return [["mount", "-t", "tmpfs", "-o", f"size={SIZE_MEGABYTES}m,mode=0700", "tmpfs", str(directory)]]


def mount_ext4(directory):
    image = f"{directory}.image"
    return [
        ["truncate", f"--size={SIZE_MEGABYTES}M", image],
        ["mkfs.ext4", "-q", "-m", "0", image],
        ["mount", "-o", "loop", image, str(directory)],
    ]


@pytest.fixture(params=[mount_tmpfs, mount_ext4], ids=["tmpfs", "ext4"])
def small(household, request):
    """A daemon whose store lies on a small file system of its own."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small file system")
    daemon = household.prepare()
    mount = daemon.home / "mount"
    mount.mkdir(mode=0o700)
    for command in request.param(mount):
        done = subprocess.run(command, capture_output=True)
        if done.returncode != 0:
            pytest.skip(f"cannot mount a small file system: {done.stderr.decode().strip()}")
    daemon.store = mount / "store"
    daemon.ballast = mount / "ballast"
    try:
        yield daemon.start()
    finally:
        daemon.kill()
        subprocess.run(["umount", str(mount)], check=True)


def fill(file, spare_bytes: int):
    """Lets so much room and no more."""
    room = os.statvfs(file.parent)
    left = room.f_bavail * room.f_frsize - spare_bytes
    with file.open("wb", buffering=0) as ballast:
        while left > 0:
            try:
                left -= ballast.write(b"\xff" * min(left, 1 << 20))
            except OSError:
                break


class Writer:
    """Writes batches that do not compress, and knows which were acknowledged."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.number = daemon.begin()
        self.random = random.Random(1)
        self.batch = 0
        self.acknowledged = []
        self.refused = None

    def write(self, size_bytes: int):
        """The answer; a batch that was refused is tried again by the next call, as a client would."""
        self.refused = self.refused or [one(self.batch, b'"%s"' % self.random.randbytes(size_bytes // 2).hex().encode())]
        answer = self.daemon.post(self.number, self.refused, "w", self.batch)
        if answer.status in (200, 201):
            self.acknowledged += self.refused
            self.refused, self.batch = None, self.batch + 1
        return answer

    def check(self):
        assert_holds(self.daemon.events_text(self.number), self.acknowledged)
        assert self.daemon.show(self.number)["events"] == len(self.acknowledged)


def assert_disk_full(answer):
    assert (answer.status, answer.problem) == (507, "disk-full"), answer.body
    assert answer.json["retry"] is True and int(answer.headers["Retry-After"]) > 0


def write_until_full(writer, size_bytes):
    for _ in range(2000):
        answer = writer.write(size_bytes)
        if answer.status != 201:
            assert_disk_full(answer)
            return
    pytest.fail("the disk never filled up")


@pytest.mark.parametrize("size_bytes", [1_000, 300_000], ids=["small batches", "large batches"])
def test_a_full_disk_refuses_writers_and_nothing_else(small, size_bytes):
    writer = Writer(small)
    for _ in range(10):
        assert writer.write(1_000).status == 201
    fill(small.ballast, spare_bytes=4 * size_bytes)
    write_until_full(writer, size_bytes)

    # Full: refused again and again, changing nothing; what was acknowledged is served.
    before = small.figures()
    for _ in range(5):
        assert_disk_full(writer.write(size_bytes))
    assert small.figures() == before
    writer.check()
    assert small.ask("GET", "/v1/recordings").status == 200
    assert small.ask("GET", "/healthz").status == 200

    # Room again: the same daemon goes on, with the batch that was refused.
    small.ballast.unlink()
    for _ in range(20):
        answer = writer.write(1_000)
        assert answer.status == 201, answer.body
    writer.check()
    small.restart()
    writer.check()
    assert small.stop() == 0
    assert b"sound" in small.reeld_store("verify").stdout


def test_a_daemon_killed_on_a_full_disk_starts_there_and_has_everything(small):
    writer = Writer(small)
    fill(small.ballast, spare_bytes=200_000)
    write_until_full(writer, 10_000)
    small.kill()
    small.start()
    writer.check()
    small.ballast.unlink()
    assert writer.write(10_000).status == 201
    writer.check()
    assert small.stop() == 0
    assert b"sound" in small.reeld_store("verify").stdout


def test_compaction_on_a_full_disk_loses_nothing(small):
    writer = Writer(small)
    for _ in range(200):
        assert writer.write(10_000).status == 201
    small.reeld("end", str(writer.number))
    fill(small.ballast, spare_bytes=0)
    answer = small.ask("POST", "/v1/store/compact")
    assert answer.status in (200, 507), answer.body
    writer.check()
    small.ballast.unlink()
    assert small.ask("POST", "/v1/store/compact").status == 200
    writer.check()
    assert small.stop() == 0
    assert b"sound" in small.reeld_store("verify").stdout


def test_starting_on_a_full_disk_serves_or_says_why(small):
    writer = Writer(small)
    for _ in range(20):
        assert writer.write(10_000).status == 201
    assert small.stop() == 0
    fill(small.ballast, spare_bytes=0)
    small.start()
    writer.check()
    small.ballast.unlink()
    assert writer.write(10_000).status == 201
    writer.check()
