"""A disk that fills up: writers are refused, nothing is half-written, readers are served, and it goes on with space."""

import ctypes
import json
import os
import random
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from events import assert_holds, one

SIZE_MEGABYTES = 32
WAIT_SECONDS_MAX = 60
CLONE_NEWNS = 0x00020000


def run(*command):
    done = subprocess.run(command, capture_output=True)
    if done.returncode != 0:
        no_mount(f"{' '.join(command)}: {done.stderr.decode().strip()}")


def no_mount(reason: str):
    if os.environ.get("REELD_MOUNT_REQUIRED"):
        pytest.fail(f"cannot mount a small file system, and it is required: {reason}")
    pytest.skip(f"cannot mount a small file system: {reason}")


@pytest.fixture(scope="module")
def private_mounts():
    """What these tests mount is seen by nobody else, and gone with them even when they are killed.

    The process stays in its own view of the mounts: with threads there is no way back (setns(2)), and none is needed.
    """
    if os.geteuid() != 0:
        no_mount("needs root")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        no_mount(f"unshare: {os.strerror(ctypes.get_errno())}")
    run("mount", "--make-rprivate", "/")


def mount_tmpfs(directory: Path):
    run("mount", "-t", "tmpfs", "-o", f"size={SIZE_MEGABYTES}m,mode=0700", "tmpfs", str(directory))


def mount_ext4(directory: Path):
    image = f"{directory}.image"
    run("truncate", f"--size={SIZE_MEGABYTES}M", image)
    run("mkfs.ext4", "-q", "-m", "0", image)
    run("mount", "-o", "loop", image, str(directory))


class Disk:
    """A small file system, and a file that takes its room."""

    def __init__(self, mount: Path):
        self.ballast = mount / "ballast"

    def fill(self, spare_bytes: int = 0):
        """Lets so much room and no more."""
        room = os.statvfs(self.ballast.parent)
        left = room.f_bavail * room.f_frsize - spare_bytes
        with self.ballast.open("wb", buffering=0) as ballast:
            while left > 0:
                try:
                    left -= ballast.write(b"\xff" * min(left, 1 << 20))
                except OSError:
                    break

    def empty(self):
        self.ballast.unlink()


def mounted(daemon, request, directory: Path, prepare):
    directory.mkdir(mode=0o700, exist_ok=True)
    prepare(directory)

    def unmount():
        daemon.kill()
        subprocess.run(["umount", str(directory)], check=True)

    request.addfinalizer(unmount)
    return Disk(directory)


@pytest.fixture(params=[mount_tmpfs, mount_ext4], ids=["tmpfs", "ext4"])
def small(household, request, private_mounts):
    """A daemon, not started, whose store lies on a small file system of its own: `daemon.disk`."""
    # Room is what these tests take away: retention is not to make any.
    daemon = household.prepare(configuration="[recording]\ngrace = 0s\n[retention]\nkeep_free = 0\n")
    mount = daemon.home / "mount"
    daemon.disk = mounted(daemon, request, mount, request.param)
    daemon.store = mount / "store"
    return daemon


class Writer:
    """Writes batches that do not compress, and knows which were acknowledged."""

    def __init__(self, daemon, seed: int = 1):
        self.daemon = daemon
        self.number = daemon.begin()
        self.random = random.Random(seed)
        self.batch = 0
        self.acknowledged = []
        self.refused = None

    def write(self, size_bytes: int, connection=None):
        """The answer; a batch that was refused is tried again by the next call, as a client would."""
        noise = self.random.randbytes(size_bytes // 2).hex().encode()
        self.refused = self.refused or [one(self.batch, b'"%s"' % noise)]
        answer = self.daemon.post(self.number, self.refused, "w", self.batch, connection=connection)
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


def until_full(change, tries: int = 5000):
    """Makes changes until one finds no room; what is smaller than a block may still have found some."""
    for _ in range(tries):
        answer = change()
        if answer.status not in (200, 201):
            assert_disk_full(answer)
            return
    pytest.fail("the disk never filled up")


def assert_sound_after_stop(daemon):
    assert daemon.stop() == 0
    assert b"sound" in daemon.reeld_store("verify").stdout


@pytest.mark.parametrize("size_bytes", [1_000, 300_000], ids=["small batches", "large batches"])
def test_a_full_disk_refuses_writers_and_nothing_else(small, size_bytes):
    small.start()
    writer = Writer(small)
    for _ in range(10):
        assert writer.write(1_000).status == 201
    small.disk.fill(spare_bytes=4 * size_bytes)
    until_full(lambda: writer.write(size_bytes))

    # Full: refused again and again, changing nothing; what was acknowledged is served.
    before = small.figures()
    for _ in range(5):
        assert_disk_full(writer.write(size_bytes))
    assert small.figures() == before
    writer.check()
    assert small.ask("GET", "/v1/recordings").status == 200
    assert small.ask("GET", "/healthz").status == 200
    assert_disk_full(small.ask("GET", "/readyz"))

    # Room again: the same daemon goes on, with the batch that was refused.
    small.disk.empty()
    assert small.ask("GET", "/readyz").status == 200
    for _ in range(20):
        answer = writer.write(1_000)
        assert answer.status == 201, answer.body
    writer.check()
    told = small.log_text
    assert told.count("the disk is full") == 1 and told.count("there is room on the disk again") == 1, told
    small.restart()
    writer.check()
    assert_sound_after_stop(small)


def test_every_kind_of_change_is_refused_whole_and_works_once_there_is_room(small):
    small.start()
    writer, doomed, closing = Writer(small), Writer(small), Writer(small)
    for one_writer in (writer, doomed, closing):
        assert one_writer.write(1_000).status == 201
    small.disk.fill()
    body = {"Content-Type": "application/json"}
    count = iter(range(1 << 30))

    def change():
        notes = random.Random(next(count)).randbytes(2_000).hex()
        return small.ask("PATCH", f"/v1/recordings/{writer.number}", json.dumps({"notes": notes}), body)

    # The largest first, so that each finds less room than it wants.
    until_full(lambda: writer.write(4_000))
    until_full(change)
    until_full(lambda: small.ask("POST", "/v1/recordings", b"{}", body))
    before, row = small.figures(), small.show(writer.number)
    assert_disk_full(change())
    assert_disk_full(small.ask("POST", "/v1/recordings", b"{}", body))
    assert_disk_full(small.ask("GET", "/readyz"))
    assert small.show(writer.number) == row and small.show(closing.number)["status"] == "recording"
    doomed.check()
    # A start that was refused may cost a number, which is never given twice; nothing else has changed.
    after = small.figures()
    assert before["recordings"] <= after.pop("recordings") and after == {key: before[key] for key in after}

    # What helps a full disk has room of its own, which nobody else gets.
    assert small.ask("POST", f"/v1/recordings/{closing.number}/end").json["status"] == "ended"
    assert small.ask("DELETE", f"/v1/recordings/{doomed.number}").status == 200
    assert small.ask("GET", f"/v1/recordings/{doomed.number}/events").status == 410
    assert_disk_full(writer.write(4_000))
    assert_disk_full(change())
    assert_disk_full(small.ask("GET", "/readyz"))

    small.disk.empty()
    assert change().status == 200
    number = small.begin()
    assert number > max(doomed.number, closing.number)
    for again in range(2):
        writer.check()
        closing.check()
        assert small.ask("GET", f"/v1/recordings/{doomed.number}").status == 410
        if not again:
            small.kill()
            small.start()
    assert_sound_after_stop(small)


def test_many_writers_at_the_moment_the_disk_fills_lose_and_double_nothing(small):
    small.start()
    writers = [Writer(small, seed) for seed in range(6)]
    small.disk.fill(spare_bytes=2 << 20)
    refusals = [0] * len(writers)
    has_room = threading.Event()
    failures = []

    def write(index):
        connection = small.connect()
        try:
            after = 0
            while after < 10:
                answer = writers[index].write(20_000, connection)
                if answer.status == 201:
                    after += has_room.is_set()
                else:
                    assert_disk_full(answer)
                    refusals[index] += 1
                    # Not the answer's half a minute: the test waits for it.
                    time.sleep(0.01)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(index,)) for index in range(len(writers))]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while min(refusals) < 3 and not failures and time.monotonic() < deadline:
        time.sleep(0.01)
    small.disk.empty()
    has_room.set()
    for thread in threads:
        thread.join()
    assert not failures, failures
    assert min(refusals) >= 3, refusals
    for writer in writers:
        writer.check()
    small.kill()
    small.start()
    for writer in writers:
        writer.check()
    assert_sound_after_stop(small)


def test_a_daemon_killed_on_a_full_disk_starts_there_and_has_everything(small):
    small.start()
    writer = Writer(small)
    small.disk.fill(spare_bytes=200_000)
    until_full(lambda: writer.write(10_000))
    small.kill()
    small.start()
    writer.check()
    small.disk.empty()
    assert writer.write(10_000).status == 201
    writer.check()
    assert_sound_after_stop(small)


def test_compaction_on_a_full_disk_loses_nothing_and_leaves_nothing_behind(small):
    small.start()
    writer = Writer(small)
    for _ in range(60):
        assert writer.write(200_000).status == 201
    small.reeld("end", str(writer.number))
    # Room for the next segment's beginning, and not for the compacted one, not even with the reserve's.
    small.disk.fill(spare_bytes=300_000)
    assert_disk_full(small.ask("POST", "/v1/store/compact"))
    assert list((small.store / "tmp").iterdir()) == []
    writer.check()
    small.disk.empty()
    answer = small.ask("POST", "/v1/store/compact")
    assert answer.status == 200 and answer.json["segments"] > 0, answer.body
    writer.check()
    assert_sound_after_stop(small)


def reserve_bytes(daemon) -> int:
    """What the reserve takes on the disk."""
    return (daemon.store / "reserve").stat().st_blocks * 512


def test_a_full_disk_does_not_block_its_own_cure(small):
    """Erasing, removing and compacting work where nothing else finds room, and the reserve is made again."""
    small.start()
    held = reserve_bytes(small)
    # A sixteenth of so small a disk.
    assert 1 << 20 <= held <= 2 << 20
    writer, doomed = Writer(small), Writer(small, 2)
    ended = []
    for index in range(30):
        other = Writer(small, 10 + index)
        assert other.write(100_000).status == 201
        assert small.ask("POST", f"/v1/recordings/{other.number}/end").status == 200
        ended.append(other.number)
    for one_writer in (writer, doomed):
        assert one_writer.write(100_000).status == 201
    small.disk.fill()
    until_full(lambda: writer.write(4_000))
    assert small.ask("DELETE", f"/v1/recordings/{doomed.number}").status == 200
    assert_disk_full(writer.write(4_000))
    time.sleep(1.1)
    done = json.loads(small.reeld("vacuum", "--max-age=1s", "--output=json").stdout)
    assert done["recordings_removed"] == len(ended), done
    for number in (doomed.number, ended[0], ended[-1]):
        assert small.ask("GET", f"/v1/recordings/{number}").status == 410
    # That made room, for the reserve and for writers.
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while writer.write(4_000).status != 201:
        assert time.monotonic() < deadline, small.log_text
        time.sleep(0.1)
    small.disk.empty()
    while reserve_bytes(small) < held:
        assert time.monotonic() < deadline, small.log_text
        time.sleep(0.1)
    writer.check()
    small.kill()
    small.start()
    writer.check()
    # Its length is exact, and all of it is held; where it lies in pieces a file system adds the block that lists them.
    assert (small.store / "reserve").stat().st_size == held <= reserve_bytes(small)
    assert_sound_after_stop(small)


def test_an_erasing_that_finds_no_room_at_all_says_what_is_true(small):
    """Not that nothing was stored: nothing was to be."""
    small.start()
    numbers = [Writer(small, seed).number for seed in range(40)]
    rest = Disk(small.store.parent)
    rest.ballast = rest.ballast.with_name("rest")
    small.disk.fill()
    for number in numbers:
        # Into the room that the reserve gave back.
        rest.fill()
        answer = small.ask("DELETE", f"/v1/recordings/{number}")
        if answer.status != 200:
            break
    assert_disk_full(answer)
    assert f"Recording {number} was not erased" in answer.json["detail"] and "stored" not in answer.json["detail"]
    done = small.reeld("erase", "--yes", str(number), exit_code=1)
    assert b"was not erased" in done.stderr
    rest.empty()
    small.disk.empty()
    assert small.ask("DELETE", f"/v1/recordings/{number}").status == 200


def test_starting_and_stopping_on_a_full_disk_serves_everything(small):
    small.start()
    writer = Writer(small)
    for _ in range(20):
        assert writer.write(10_000).status == 201
    small.disk.fill()
    # Without a checkpoint's room the stop is clean all the same: the next start reads the log.
    assert small.stop() == 0
    small.start()
    writer.check()
    small.disk.empty()
    assert writer.write(10_000).status == 201
    writer.check()
    assert_sound_after_stop(small)


def failed_start(daemon) -> str:
    """What a daemon says that cannot start."""
    before = len(daemon.log_text)
    daemon.spawn()
    assert daemon.process.wait(WAIT_SECONDS_MAX) == 1
    daemon.process = None
    return daemon.log_text[before:]


def test_a_lost_index_that_finds_no_room_is_told_and_made_once_there_is_some(small):
    small.start()
    writer = Writer(small)
    for _ in range(20):
        assert writer.write(10_000).status == 201
    assert small.stop() == 0
    shutil.rmtree(small.store / "index")
    small.disk.fill()
    told = failed_start(small)
    assert "No space left on device" in told and str(small.store) in told, told
    small.disk.empty()
    small.start()
    writer.check()
    assert writer.write(10_000).status == 201
    assert_sound_after_stop(small)


def test_a_new_store_that_finds_no_room_is_told_and_made_once_there_is_some(small):
    small.disk.fill()
    told = failed_start(small)
    assert "No space left on device" in told and str(small.store) in told, told
    small.disk.empty()
    small.start()
    writer = Writer(small)
    assert writer.write(10_000).status == 201
    writer.check()
    assert_sound_after_stop(small)


def test_a_full_disk_under_the_index_alone_refuses_new_recordings_and_no_batch(household, request, private_mounts):
    daemon = household.start()
    writer = Writer(daemon)
    assert writer.write(1_000).status == 201
    assert daemon.stop() == 0
    # The index moves to a disk of its own: it is derived, so it may lie where there is less room than for the log.
    index = daemon.store / "index"
    shutil.rmtree(index)
    disk = mounted(daemon, request, index, mount_tmpfs)
    daemon.start()
    disk.fill()
    connection = daemon.connect()
    body = {"Content-Type": "application/json"}
    until_full(lambda: daemon.ask("POST", "/v1/recordings", b"{}", body, connection), tries=10_000)
    listed = daemon.figures()["recordings"]
    for _ in range(20):
        answer = writer.write(10_000)
        assert answer.status == 201, answer.body
    writer.check()
    # What a checkpoint wants finds no room either; a stop and a kill lose nothing by that.
    assert daemon.stop() == 0
    daemon.start()
    writer.check()
    daemon.kill()
    daemon.start()
    writer.check()
    disk.empty()
    assert daemon.begin() > listed - 1
    assert writer.write(10_000).status == 201
    writer.check()
    assert_sound_after_stop(daemon)
