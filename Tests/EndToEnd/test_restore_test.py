"""`reeld verify --restore-test`: a snapshot is restored on trial, and neither it nor the store is changed."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from daemon import key_file
from test_full_disk import private_mounts  # noqa: F401

FAILURE, USAGE = 1, 2


def event(number: int, padding: int = 0) -> bytes:
    return b'{"type":3,"timestamp":%d,"data":{"source":1,"x":"%s"}}' % (
        1_700_000_000_000 + number, os.urandom(padding // 2).hex().encode())  # fmt: skip


def files(directory: Path) -> dict[str, tuple]:
    return {str(path.relative_to(directory)): (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
            for path in sorted(directory.rglob("*")) if path.is_file()}  # fmt: skip


def trial(daemon, *more: str, snapshot: Path | None = None, exit_code: int = 0) -> subprocess.CompletedProcess:
    option = "--restore-test" + (f"={snapshot}" if snapshot else "")
    return daemon.run("verify", option, f"--store={daemon.store}", "-o", "json", *more, exit_code=exit_code)


@pytest.fixture
def filled(household):
    """A daemon with three recordings in several segments, and a snapshot of it with its keys."""
    daemon = household.start(configuration="[store]\nsegment_size = 1M\n[compaction]\nautomatic = no\n")
    for number in (1, 2, 3):
        daemon.begin(user="zoe")
        for batch in range(20):
            daemon.post(number, [event(batch * 10 + n, padding=8_000) for n in range(10)])
    snapshots = daemon.store / "snapshots"
    daemon.reeld("snapshot", f"--with-keys={snapshots}/today.keys", str(snapshots / "today"))
    return daemon


def test_the_newest_snapshot_comes_back_whole_and_stays_as_it_was(filled):
    snapshots = filled.store / "snapshots"
    before = files(snapshots)
    told = json.loads(trial(filled).stdout)
    assert told["restored"] and told["snapshot"] == str(snapshots / "today") and told["faults"] == []
    assert (told["recordings"], told["events"], told["erased_again"]) == (3, 600, 0)
    assert told["linked_files"] >= 2 and told["age_seconds"] >= 0
    # Nothing is left, and what was shared was not written to.
    assert sorted(path.name for path in snapshots.iterdir()) == ["today", "today.keys"]
    assert files(snapshots) == before
    # The trial is no verification of the store.
    assert not (filled.store / "verified.json").exists()
    # With the daemon stopped, too.
    assert filled.stop() == 0
    text = filled.run("verify", "--restore-test", f"--store={filled.store}").stdout.decode()
    assert "restored on trial: of 20" in text and "3 recordings, 600 events read in " in text
    assert files(snapshots) == before


def test_what_was_erased_since_is_erased_again(filled):
    filled.reeld("erase", "--yes", "2")
    told = json.loads(trial(filled).stdout)
    assert told["restored"] and (told["recordings"], told["events"], told["erased_again"]) == (2, 400, 1)
    # And one erased before the snapshot is none that is erased again.
    snapshots = filled.store / "snapshots"
    filled.reeld("snapshot", f"--with-keys={snapshots}/later.keys", str(snapshots / "later"))
    told = json.loads(trial(filled).stdout)
    assert told["snapshot"].endswith("/later") and (told["recordings"], told["erased_again"]) == (2, 0)


def test_a_named_snapshot_elsewhere_with_its_keys_elsewhere(filled, tmp_path):
    snapshots = filled.store / "snapshots"
    shutil.move(snapshots / "today", tmp_path / "today")
    shutil.move(snapshots / "today.keys", tmp_path / "keys")
    missing = trial(filled, snapshot=tmp_path / "today", exit_code=FAILURE).stderr.decode()
    assert f"{snapshots}/today.keys: the keys of {tmp_path}/today are not there" in missing and "--keys=DIR" in missing
    told = json.loads(trial(filled, f"--keys={tmp_path}/keys", snapshot=tmp_path / "today").stdout)
    assert told["restored"] and told["recordings"] == 3
    # The directory above it does, too.
    told = json.loads(trial(filled, f"--keys={tmp_path}/keys", snapshot=tmp_path).stdout)
    assert told["snapshot"] == f"{tmp_path}/today"
    assert "there is no snapshot" in trial(filled, exit_code=FAILURE).stderr.decode()


def test_a_damaged_snapshot_is_told_by_its_file_and_nothing_is_tried(filled):
    snapshot = filled.store / "snapshots" / "today"
    segment = sorted((snapshot / "log").iterdir())[0]
    whole = segment.read_bytes()
    # Not through the link: the store has it, too.
    segment.unlink()
    segment.write_bytes(whole[:-1])
    told = trial(filled, exit_code=FAILURE).stderr.decode()
    assert f"{segment}: it has {len(whole) - 1} bytes, and had {len(whole)}" in told and "not restored" in told
    segment.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    assert f"{segment}: its checksum does not hold" in trial(filled, exit_code=FAILURE).stderr.decode()
    segment.unlink()
    assert f"{segment}: it is gone" in trial(filled, exit_code=FAILURE).stderr.decode()
    segment.write_bytes(whole)
    ring = next((filled.store / "snapshots" / "today.keys").glob("*.ring"))
    ring.write_bytes(b"x")
    assert f"{ring}: it has 1 bytes" in trial(filled, exit_code=FAILURE).stderr.decode()
    assert sorted(path.name for path in snapshot.parent.iterdir()) == ["today", "today.keys"]


def test_another_key_is_told(filled, tmp_path):
    other = tmp_path / "other.key"
    filled.run("key", "generate", str(other))
    told = trial(filled, f"--key-file={other}", exit_code=FAILURE).stderr.decode()
    assert "wrong key" in told
    assert sorted(path.name for path in (filled.store / "snapshots").iterdir()) == ["today", "today.keys"]


def test_too_little_room_is_told_before_anything_is_copied(filled, private_mounts):  # noqa: F811
    small = filled.home / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", str(small)], check=True)
    told = trial(filled, f"--scratch={small}", exit_code=FAILURE).stderr.decode()
    assert "the trial needs" in told and "--scratch=DIR" in told and list(small.iterdir()) == []


def test_elsewhere_everything_is_a_copy(filled):
    # Another file system than the snapshot's.
    place = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        told = json.loads(trial(filled, f"--scratch={place}").stdout)
        assert told["restored"] and told["linked_files"] == 0 and told["copied_bytes"] > 2_000_000
        assert list(place.iterdir()) == []
    finally:
        shutil.rmtree(place)


def test_two_trials_at_a_time_and_what_a_killed_one_left(filled):
    scratch = filled.store / "snapshots" / ".restore-test"
    (scratch / "store" / "log").mkdir(parents=True)
    (scratch / "store" / "log" / "0000000001.seg").write_bytes(b"left")
    scratch.chmod(0o700)
    lock = scratch / "lock"
    lock.touch()
    # Whoever holds the lock has the place.
    import fcntl
    import struct

    with lock.open("r+b") as held:
        fcntl.fcntl(held, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))  # F_OFD_SETLK
        assert "another trial goes on there" in trial(filled, exit_code=FAILURE).stderr.decode()
        assert (scratch / "store" / "log" / "0000000001.seg").read_bytes() == b"left"
    assert json.loads(trial(filled).stdout)["restored"]
    assert not scratch.exists()


def test_a_signal_ends_it_and_leaves_nothing(filled):
    # Whenever it comes, before the trial, within it or after, nothing is left; within it, RestoreDrillTests stop it anywhere.
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen([str(filled.binary), "verify", "--restore-test", f"--store={filled.store}"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
        process.send_signal(number)
        process.wait(60)
        assert sorted(path.name for path in (filled.store / "snapshots").iterdir()) == ["today", "today.keys"]
    assert json.loads(trial(filled).stdout)["restored"]


def test_a_store_without_encryption(household):
    daemon = household.prepare(configuration="[store]\nencryption = no\n")
    daemon.start()
    daemon.post(daemon.begin(), [event(n) for n in range(5)])
    daemon.reeld("snapshot", str(daemon.store / "snapshots" / "today"))
    told = json.loads(trial(daemon).stdout)
    assert told["restored"] and (told["recordings"], told["events"]) == (1, 5)


def test_words_that_do_not_go_together_are_refused(filled):
    for words in (["--restore-test", "--repair"], ["--restore-test", "--dry-run"], ["--scratch=/tmp"]):
        filled.run("verify", *words, f"--store={filled.store}", exit_code=USAGE)
    assert key_file().exists()
