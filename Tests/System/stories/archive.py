"""An archive on another file system, set up by the README's own commands under the unit's hardening."""

import gzip
import json
import os
from pathlib import Path

from machine import ask, events, install, run, step, unit, until

DISK = Path("/mnt/disk")
ARCHIVE = Path("/srv/archive")


def commands_of_the_readme() -> list[str]:
    text = gzip.open("/usr/share/doc/reeld/README.md.gz", "rt").read()
    block = text.split("- **Setting it up.**")[1].split("- **Not mounted.**")[0]
    return [line.strip() for line in block.splitlines() if line.startswith("      ")]


def figures() -> dict:
    return json.loads(ask("GET", "/v1/store")[1])


def doctor(exit_code: int = 0) -> str:
    findings = json.loads(run("reeld", "doctor", "-o", "json", exit_code=exit_code))["findings"]
    return "\n".join(f"{one['verdict']}: {one['text']}" for one in findings if one["check"] == "archive")


def record():
    """A recording with so much in it that its events free blocks; what is small stays."""
    assert ask("POST", "/v1/recordings", b"{}")[0] == 201
    batch = [{"type": 3, "data": {"text": os.urandom(20_000).hex()}, "timestamp": 1_700_000_000_000 + n} for n in range(10)]
    assert ask("POST", "/v1/recordings/1/events", json.dumps(batch).encode())[0] == 201
    run("reeld", "end", "1")


install()
record()
sent = events(1)

with step("the README's commands let the daemon write to an archive"):
    for place in (DISK, ARCHIVE):
        place.mkdir()
    # A file system in memory that stays when its mount in the archive's place goes, as a disk does.
    run("mount", "-t", "tmpfs", "-o", "size=64M", "tmpfs", str(DISK))
    run("mount", "--bind", str(DISK), str(ARCHIVE))
    Path("/etc/reeld/reeld.conf.d/30-soon.conf").write_text("[archive]\nafter = 1s\n")
    commands = commands_of_the_readme()
    assert len(commands) == 8, commands
    for command in commands:
        run("sh", "-ec", command)
    assert unit("ActiveState") == "active"
    assert Path("/etc/apparmor.d/local/reeld").read_text().endswith("/srv/archive/** rwlk,\n")
    assert run("reeld", "config", "check").startswith("the configuration is good")

with step("old events move there, and are played from there"):
    run("reeld", "vacuum")
    until("a segment is archived", lambda: figures().get("archived_segments", 0) > 0)
    assert list(ARCHIVE.glob("*/*.seg")) and events(1) == sent
    assert doctor().startswith("well: /srv/archive is mounted"), doctor()

with step("the nightly verification reads them there"):
    run("systemctl", "start", "reeld-verify")
    assert figures()["verified_faults"] == 0 and figures()["verified_unread_frames"] == 0

with step("away, it is told by the doctor, and nothing is written into the empty directory"):
    run("umount", str(ARCHIVE))
    status, body = ask("GET", "/v1/recordings/1/events")
    assert status == 503 and b"archive-offline" in body, body
    assert doctor(exit_code=1).startswith("broken: /srv/archive: nothing is mounted there")
    assert list(ARCHIVE.iterdir()) == []
    run("systemctl", "start", "reeld-verify")
    assert figures()["verified_unread_frames"] > 0

with step("mounted again, it is read again without a restart"):
    pid = unit("MainPID")
    run("mount", "--bind", str(DISK), str(ARCHIVE))
    until("the events are back", lambda: ask("GET", "/v1/recordings/1/events")[0] == 200)
    assert events(1) == sent and unit("MainPID") == pid
    until("the doctor finds it well", lambda: doctor().startswith("well: "))

with step("the daemon starts without it, too"):
    run("umount", str(ARCHIVE))
    ARCHIVE.rmdir()
    run("systemctl", "restart", "reeld")
    assert unit("ActiveState") == "active" and ask("GET", "/v1/recordings")[0] == 200
