"""Retention: what is too old or too much goes, what is held stays, and the disk shows it."""

import json
import os
import signal
import time

import pytest

from events import some
from test_full_disk import Writer, assert_sound_after_stop, mount_ext4, mount_tmpfs, mounted, private_mounts  # noqa: F401

WAIT_SECONDS_MAX = 60


def record(daemon, count: int, size_events: int = 50, **metadata) -> list[int]:
    """Recordings that have ended; their numbers."""
    numbers = []
    for _ in range(count):
        number = daemon.begin(**metadata)
        assert daemon.post(number, some(size_events)).status == 201
        assert daemon.ask("POST", f"/v1/recordings/{number}/end").status == 200
        numbers.append(number)
    return numbers


def pin(daemon, number: int, pinned: bool = True):
    body = b'{"pinned": true}' if pinned else b'{"pinned": false}'
    assert daemon.ask("PATCH", f"/v1/recordings/{number}", body, {"Content-Type": "application/json"}).status == 200


def status(daemon, number: int) -> int:
    return daemon.ask("GET", f"/v1/recordings/{number}").status


def used_bytes(daemon) -> int:
    """What the log takes on the disk."""
    return sum(file.stat().st_blocks * 512 for file in (daemon.store / "log").iterdir())


def vacuum(daemon, *words: str) -> dict:
    return json.loads(daemon.reeld("vacuum", "--output=json", *words).stdout)


def test_vacuum_by_age_removes_what_ended_before_and_the_disk_shows_it(daemon):
    old = record(daemon, 300)
    kept = record(daemon, 1)[0]
    pin(daemon, kept)
    still = daemon.begin()
    assert daemon.post(still, some(20)).status == 201
    daemon.reeld("vacuum")
    before = used_bytes(daemon)
    time.sleep(1.5)
    dry = vacuum(daemon, "--max-age=1s", "--dry-run")
    assert dry["recordings_removed"] == len(old) and dry["dry_run"] is True, dry
    assert status(daemon, old[0]) == 200 and used_bytes(daemon) == before
    assert b"300 recordings" in daemon.reeld("vacuum", "--max-age=1s", "-n").stdout
    done = vacuum(daemon, "--max-age=1s")
    assert (done["recordings_removed"], done["oldest"]) == (dry["recordings_removed"], dry["oldest"]), done
    assert used_bytes(daemon) < before / 10
    for number in (old[0], old[-1]):
        answer = daemon.ask("GET", f"/v1/recordings/{number}/events")
        assert (answer.status, answer.problem, answer.json["reason"]) == (410, "expired", "age")
    for number in (kept, still):
        assert status(daemon, number) == 200 and daemon.events_text(number)
    assert "retention removed 300 recordings" in daemon.log_text
    assert b'reeld_retention_recordings_total{cause="age"} 300\n' in daemon.ask("GET", "/metrics").body
    assert b"expired recordings: 300" in daemon.reeld("stats").stdout
    # After a kill, and in an index made anew, the same.
    daemon.kill()
    daemon.start()
    assert status(daemon, old[5]) == 410 and status(daemon, kept) == 200
    assert daemon.stop() == 0
    daemon.reeld_store("index", "rebuild")
    daemon.start()
    assert status(daemon, old[5]) == 410 and status(daemon, kept) == 200
    assert daemon.begin() > still
    assert_sound_after_stop(daemon)


def test_vacuum_to_a_size_removes_the_oldest(daemon):
    numbers = record(daemon, 200, size_events=200)
    daemon.reeld("vacuum")
    size = daemon.ask("GET", "/v1/store").json["log_bytes"]
    done = vacuum(daemon, f"--max-size={size // 2}")
    assert daemon.ask("GET", "/v1/store").json["log_bytes"] <= size // 2
    gone = [number for number in numbers if status(daemon, number) == 410]
    assert gone == numbers[: len(gone)] and len(gone) == done["recordings_removed"] and 50 < len(gone) < 150
    assert_sound_after_stop(daemon)


@pytest.mark.parametrize("words", [["--max-age=0"], ["--max-age=soon"], ["--max-size=-1"], ["--max-size=0"]])
def test_limits_that_are_none_are_refused(daemon, words):
    record(daemon, 1)
    daemon.reeld("vacuum", *words, exit_code=2)
    assert status(daemon, 1) == 200


def test_a_reload_puts_new_limits_to_work(household):
    daemon = household.start(configuration="[retention]\nmax_size = 0\nkeep_free = 0\n")
    numbers = []
    for index in range(40):
        writer = Writer(daemon, index)
        assert writer.write(100_000).status == 201
        assert daemon.ask("POST", f"/v1/recordings/{writer.number}/end").status == 200
        numbers.append(writer.number)
    assert daemon.ask("GET", "/v1/store").json["log_bytes"] > 1 << 20
    daemon.configuration.write_text("[retention]\nmax_size = 1M\nkeep_free = 0\n")
    daemon.signal(signal.SIGHUP)
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while daemon.ask("GET", "/v1/store").json["log_bytes"] > 1 << 20:
        assert time.monotonic() < deadline, daemon.log_text
        time.sleep(0.1)
    assert status(daemon, numbers[0]) == 410 and status(daemon, numbers[-1]) == 200
    assert "retention.max_size: 0 -> 1M" in daemon.log_text
    daemon.configuration.write_text("[retention]\nmax_age = 90\n")
    daemon.signal(signal.SIGHUP)
    while "'90' is not a duration" not in daemon.log_text:
        assert time.monotonic() < deadline, daemon.log_text
        time.sleep(0.1)
    assert_sound_after_stop(daemon)


@pytest.mark.parametrize("prepare", [mount_tmpfs, mount_ext4], ids=["tmpfs", "ext4"])
def test_free_space_is_kept_by_removing_the_oldest(household, request, private_mounts, prepare):  # noqa: F811
    daemon = household.prepare(configuration="[store]\nsegment_size = 1M\n[retention]\nkeep_free = 8M\n")
    mount = daemon.home / "mount"
    mounted(daemon, request, mount, prepare)
    daemon.store = mount / "store"
    daemon.start()
    # Three times what the disk has.
    first, last = None, None
    for index in range(96):
        writer = Writer(daemon, index)
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while writer.write(1_000_000).status != 201:
            assert time.monotonic() < deadline, daemon.log_text
            time.sleep(0.2)
        daemon.ask("POST", f"/v1/recordings/{writer.number}/end")
        first, last = first or writer, writer
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while free_bytes(mount) < 8 << 20:
        assert time.monotonic() < deadline, daemon.log_text
        time.sleep(0.2)
    last.check()
    assert daemon.ask("GET", f"/v1/recordings/{first.number}").problem == "expired"
    assert_sound_after_stop(daemon)


def free_bytes(mount) -> int:
    room = os.statvfs(mount)
    return room.f_bavail * room.f_frsize


def test_what_is_held_is_never_given_up_and_writers_are_told_why(household):
    daemon = household.start(configuration="[retention]\nmax_size = 4M\nkeep_free = 0\n")
    held = []
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    # Pinned from its first event on: retention looks now and then, and none may go before it is held.
    for index in range(8):
        writer = Writer(daemon, index)
        pin(daemon, writer.number)
        assert writer.write(1_000_000).status == 201
        assert daemon.ask("POST", f"/v1/recordings/{writer.number}/end").status == 200
        held.append(writer)
    while True:
        answer = daemon.ask("POST", "/v1/recordings", b"{}", {"Content-Type": "application/json"})
        if answer.status == 507:
            break
        assert time.monotonic() < deadline, daemon.log_text
        time.sleep(0.2)
    assert answer.problem == "over-limit" and "pinned" in answer.json["detail"], answer.body
    assert answer.json["retry"] is True and int(answer.headers["Retry-After"]) > 0
    for writer in held:
        writer.check()
    # Given free, the oldest goes, and writers are served again.
    for writer in held[:6]:
        pin(daemon, writer.number, pinned=False)
    while daemon.ask("POST", "/v1/recordings", b"{}", {"Content-Type": "application/json"}).status != 201:
        assert time.monotonic() < deadline, daemon.log_text
        time.sleep(0.2)
    assert daemon.ask("GET", f"/v1/recordings/{held[0].number}").problem == "expired"
    held[-1].check()
