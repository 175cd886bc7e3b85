"""An archive for old events on a file system of its own: read as before, told when it is away, missed by nothing else."""

import gzip
import json
import subprocess
import time

import pytest

from events import assert_holds, assert_lines, cut, one
from test_full_disk import mount_ext4, mount_tmpfs, private_mounts  # noqa: F401

WAIT_SECONDS_MAX = 120


def wait_for(holds, what: str):
    end = time.monotonic() + WAIT_SECONDS_MAX
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def noise(seed: int, count: int = 40) -> list[bytes]:
    """Events that do not compress."""
    import random

    chance = random.Random(seed)
    return [one(index, b'"%s"' % chance.randbytes(4000).hex().encode()) for index in range(count)]


def figures(daemon) -> dict:
    return daemon.ask("GET", "/v1/store").json


def log_bytes(daemon) -> int:
    return sum(file.stat().st_blocks * 512 for file in (daemon.store / "log").iterdir())


class Archive:
    """The daemon's archive, on a file system that comes and goes."""

    def __init__(self, daemon, mount):
        self.daemon, self.directory, self.prepare = daemon, daemon.home / "archive", mount
        self.directory.mkdir(mode=0o700)
        self.image = None

    def mount(self):
        if self.image is None:
            self.prepare(self.directory)
        else:
            # What was on it is on it again.
            subprocess.run(["mount", *self.image, str(self.directory)], check=True)

    def unmount(self):
        subprocess.run(["umount", str(self.directory)], check=True)


def bind(archive: Archive):
    """A file system in memory that stays when its mount here goes, as a disk does."""
    disk = archive.daemon.home / "disk"
    disk.mkdir(mode=0o700)
    mount_tmpfs(disk)
    archive.disk = disk
    archive.image = ["--bind", str(disk)]


def image(archive: Archive):
    """An ext4 of its own."""
    path = f"{archive.directory}.image"
    mount_ext4(archive.directory)
    archive.unmount()
    archive.image = ["-o", "loop", path]


@pytest.fixture(params=[bind, image], ids=["tmpfs", "ext4"])
def archived(household, request, private_mounts):  # noqa: F811
    """A daemon with two recordings, the first in the archive: `daemon.sent`, `daemon.old`, `daemon.new`, `daemon.archive`."""
    daemon = household.prepare()
    archive = Archive(daemon, None)
    request.param(archive)
    archive.mount()
    mounts = [archive.directory] + ([archive.disk] if request.param is bind else [])
    request.addfinalizer(
        lambda: [daemon.kill()] + [subprocess.run(["umount", "-l", str(path)], capture_output=True) for path in mounts]
    )
    daemon.archive = archive
    daemon.configuration.write_text(
        f"\n[archive]\ndir = {archive.directory}\nafter = 1s\n[retention]\nkeep_free = 0\n"
    )
    daemon.start()
    daemon.sent = noise(1)
    daemon.old = daemon.begin(user="zoe", url="https://shop.example/old")
    assert daemon.post(daemon.old, daemon.sent, "w", 1).status == 201
    assert daemon.ask("POST", f"/v1/recordings/{daemon.old}/end").status == 200
    daemon.reeld("vacuum")
    daemon.before = log_bytes(daemon)
    wait_for(lambda: figures(daemon).get("archived_segments") == 1, "nothing was archived")
    daemon.new = daemon.begin(user="ann")
    assert daemon.post(daemon.new, noise(2, 3)).status == 201
    return daemon


def assert_read(daemon):
    path = f"/v1/recordings/{daemon.old}"
    assert_holds(daemon.events_text(daemon.old), daemon.sent)
    packed = daemon.ask("GET", f"{path}/events", headers={"Accept-Encoding": "gzip"})
    assert packed.status == 200 and packed.headers["Content-Encoding"] == "gzip"
    assert_holds(gzip.decompress(packed.body), daemon.sent)
    played = daemon.ask("GET", f"/api/events?activity_id={daemon.old}")
    assert_holds(played.body, daemon.sent, prefix=b'{"events":[', suffix=b"]}")
    followed = daemon.ask("GET", f"{path}/events?first=30&format=ndjson")
    assert_lines(followed.body, daemon.sent[30:])
    table = daemon.ask("GET", f"{path}/chunks?damaged=skip").json
    assert not table.get("gaps")
    found = []
    for chunk in table["chunks"]:
        answer = daemon.ask("GET", f"{path}/chunks/{chunk['first']}?generation={table['generation']}")
        assert answer.status == 200
        found += cut(answer.body)
    assert found == daemon.sent
    whole = daemon.ask("GET", f"{path}/events")
    part = daemon.ask("GET", f"{path}/events", headers={"Range": "bytes=100000-100099"})
    assert part.status == 206 and part.body == whole.body[100000:100100]
    exported = daemon.home / f"export-{time.monotonic_ns()}"
    daemon.reeld("export", "--user=zoe", str(exported))
    assert any(b"shop.example" in file.read_bytes() or file.stat().st_size > 300_000 for file in exported.rglob("*") if file.is_file())


def assert_away(daemon):
    path = f"/v1/recordings/{daemon.old}"
    for target in [
        f"{path}/events", f"{path}/events?first=30", f"{path}/events?damaged=skip", f"{path}/chunks/0",
        f"{path}/chunks?damaged=skip", f"/api/events?activity_id={daemon.old}",
    ]:  # fmt: skip
        answer = daemon.ask("GET", target)
        assert (answer.status, answer.problem) == (503, "archive-offline"), (target, answer.body)
        assert answer.json["retry"] is True and int(answer.headers["Retry-After"]) > 0
        assert str(daemon.archive.directory) in answer.json["detail"]
    # And nothing else is missed.
    listed = daemon.ask("GET", "/v1/recordings").json["recordings"]
    assert [row["number"] for row in listed] == [daemon.new, daemon.old]
    assert daemon.ask("GET", "/v1/recordings?user=zoe").json["recordings"][0]["url"] == "https://shop.example/old"
    assert daemon.show(daemon.old)["events"] == len(daemon.sent)
    assert len(daemon.ask("GET", f"{path}/chunks").json["chunks"]) >= 1
    assert daemon.post(daemon.old, daemon.sent, "w", 1).status == 200
    assert daemon.ask("GET", f"/v1/recordings/{daemon.new}/events").status == 200
    assert list(daemon.archive.directory.iterdir()) == [] or (daemon.archive.directory / "lost+found").exists() is False
    shown = figures(daemon)
    assert shown["archive_online"] is False and shown["archived_segments"] == 1
    assert b"reeld_archive_online 0" in daemon.ask("GET", "/metrics").body


def test_old_events_are_played_from_the_archive_and_missed_only_while_it_is_away(archived):
    daemon = archived
    assert log_bytes(daemon) < daemon.before / 4
    copies = list(daemon.archive.directory.glob("*/*.seg"))
    assert len(copies) == 1
    assert_read(daemon)
    daemon.archive.unmount()
    assert_away(daemon)
    # No restart is needed; one changes nothing, and neither does an index made anew.
    daemon.archive.mount()
    assert_read(daemon)
    assert b"reeld_archive_online 1" in daemon.ask("GET", "/metrics").body
    daemon.archive.unmount()
    assert daemon.stop() == 0
    subprocess.run(["rm", "-r", str(daemon.store / "index")], check=True)
    daemon.start()
    assert_away(daemon)
    daemon.archive.mount()
    assert_read(daemon)
    assert "the archive is away" in daemon.log_text and "the archive is there" in daemon.log_text


def test_what_is_removed_while_the_archive_is_away_goes_from_it_when_it_is_back(archived):
    daemon = archived
    daemon.archive.unmount()
    time.sleep(1.5)
    done = json.loads(daemon.reeld("vacuum", "--output=json", "--max-age=1s").stdout)
    assert done["recordings_removed"] == 1
    assert daemon.ask("GET", f"/v1/recordings/{daemon.old}").status == 410
    assert figures(daemon)["archive_removals_waiting"] == 1
    daemon.archive.mount()
    assert len(list(daemon.archive.directory.glob("*/*.seg"))) == 1
    wait_for(lambda: not list(daemon.archive.directory.glob("*/*.seg")), "the copy is still there")
    wait_for(lambda: "archive_removals_waiting" not in figures(daemon), "a removal still waits")


def test_verify_and_snapshot_say_what_is_in_the_archive(archived):
    daemon = archived
    place = daemon.store / "snapshots" / "today"
    made = daemon.reeld("snapshot", str(place)).stdout
    assert b"the events of 1 segment are in the archive" in made, made
    manifest = json.loads((place / "snapshot.json").read_bytes())
    assert len(manifest["archived_segments"]) == 1
    assert daemon.stop() == 0
    there = daemon.reeld_store("verify", f"--archive={daemon.archive.directory}", "--output=json")
    report = json.loads(there.stdout)
    assert report["sound"] and report["archived_frames"] > 0 and report["unread_frames"] == 0
    daemon.archive.unmount()
    away = daemon.reeld_store("verify", f"--archive={daemon.archive.directory}")
    assert b"not read, as the archive is away" in away.stdout and b"sound" in away.stdout
