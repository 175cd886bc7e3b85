"""From `apt install` to a recording that is listed and served, and what an admin finds around it."""

import grp
import json
import os
import re
import shutil
import stat
from pathlib import Path

from machine import CREDENTIAL, PACKAGE, RECORDINGS, SOCKET, add_user, ask, events, journal, message_id, record, run, \
    step, unit

EXPOSURE_MAX = 1.5

with step("the README's lines for installing work as they are written"):
    section = Path("/payload/README.md").read_text().split("\n## Install\n")[1].split("\n## ")[0]
    lines = [line.split("#")[0].strip() for line in section.splitlines() if line.startswith("    ")]
    assert [line.split()[0] for line in lines] == ["apt", "journalctl", "usermod", "usermod", "reeld"], lines
    package = run("dpkg-deb", "--show", "--showformat=${Package}_${Version}_${Architecture}.deb", PACKAGE)
    os.chdir("/root")
    shutil.copy(PACKAGE, package)
    add_user("agent")
    add_user("alice")
    for line in lines:
        # Somebody who lets apt go on.
        told = run("sh", "-c", line, stdin=b"y\n")
        assert not line.startswith("journalctl") or "Copy it to a safe place away from this machine, today." in told

with step("it runs"):
    assert unit("ActiveState") == "active", run("systemctl", "status", "reeld", exit_code=None)
    for name in ("reeld.service", "reeld.socket"):
        assert unit("UnitFileState", name) == "enabled"

with step("only the Unix socket is open, to the groups of those who record and who watch"):
    status = Path(SOCKET).stat()
    assert stat.filemode(status.st_mode) == "srw-rw----"
    assert grp.getgrgid(status.st_gid).gr_name == "reeld-ingest"
    assert run("getfacl", "--omit-header", "--absolute-names", SOCKET).split() == [
        "user::rw-", "group::rw-", "group:reeld-view:rw-", "mask::rw-", "other::---"]  # fmt: skip
    # Local address, remote address, state; 0A is listening.
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        assert not [line for line in Path(table).read_text().splitlines()[1:] if line.split()[3] == "0A"]

with step("the store and the configuration are whose they should be"):
    store = Path("/var/lib/reeld")
    assert stat.filemode(store.stat().st_mode) == "drwx------" and store.owner() == "reeld"
    assert "the configuration is good: 0 keys set" in run("reeld", "config", "check")
    shipped = Path("/etc/reeld/reeld.conf").read_text()
    assert shipped == run("reeld", "config", "show", "--defaults")

with step("the first start made a key that is encrypted to this machine, and said what to do with it"):
    assert stat.filemode(CREDENTIAL.stat().st_mode) == "-rw-------"
    assert b"reeld-key-1-" not in CREDENTIAL.read_bytes()
    assert run("systemd-creds", "decrypt", "--name=reeld.key", str(CREDENTIAL), "-").startswith("reeld-key-1-")
    (told,) = journal(f"MESSAGE_ID={message_id('A key was made for the new store')}")
    assert "keep it in a safe place elsewhere" in told["MESSAGE"] and told["REELD_FILE"] == str(CREDENTIAL)
    assert not Path("/etc/reeld/store.key").exists()

with step("a member of reeld-ingest records, and sees nothing"):
    record("agent")
    for words in (["ls"], ["show", "1"], ["cat", "1"], ["tail", "1"], ["export", "1", "/tmp/out.json"], ["set", "1", "--notes=x"],
                  ["erase", "--yes", "1"]):  # fmt: skip
        told = run("reeld", *words, user="agent", exit_code=None)
        assert "group reeld-view" in told or "root and the daemon's own user" in told, (words, told)

with step("a member of reeld-view watches and labels, and neither records nor erases"):
    assert json.loads(run("reeld", "ls", "-o", "json", user="alice"))["number"] == 1
    assert run("reeld", "cat", "1", user="alice") == run("reeld", "cat", "1")
    run("reeld", "set", "1", "--notes=seen", user="alice")
    told = run("reeld", "import", str(RECORDINGS / "form.json"), user="alice", exit_code=None)
    assert "members of the group reeld-ingest" in told, told
    told = run("reeld", "erase", "--yes", "1", user="alice", exit_code=None)
    assert "root and the daemon's own user" in told, told
    assert json.loads(run("reeld", "show", "1", "-o", "json"))["notes"] == "seen"

with step("a stranger is refused"):
    add_user("mallory")
    for words in (["ls"], ["cat", "1"], ["import", str(RECORDINGS / "form.json")]):
        told = run("reeld", *words, user="mallory", exit_code=None)
        assert "ermission denied" in told, told

with step("what was recorded is listed and served, event for event"):
    sent = json.loads((RECORDINGS / "form.json").read_text())
    sent = sent["events"] if isinstance(sent, dict) else sent
    assert events(1) == sent
    status, body = ask("GET", "/v1/recordings")
    assert status == 200 and [one["number"] for one in json.loads(body)["recordings"]] == [1]

with step("the journal has fields to search by, and the catalog explains"):
    (started,) = journal(f"MESSAGE_ID={message_id('reeld serves')}")
    assert started["REELD_FILE"] == "/var/lib/reeld" and started["PRIORITY"] == "5"
    assert started["_SYSTEMD_UNIT"] == "reeld.service" and started["SYSLOG_IDENTIFIER"] == "reeld"
    assert started["MESSAGE"].endswith(f"serves {SOCKET}")
    explained = run("journalctl", "-x", "-u", "reeld", "--no-pager")
    assert "The store is open and the daemon takes requests" in explained

with step("systemctl status says where it serves"):
    assert unit("StatusText") == f"serving {SOCKET}"

with step("manual pages and completions are where they are looked for"):
    for page in ("reeld.1", "reeld-daemon.1", "reeld-recordings.1", "reeld-store.1", "reeld.conf.5", "reeld-api.7"):
        section = page.rsplit(".", 1)[1]
        assert Path(f"/usr/share/man/man{section}/{page}.gz").exists(), page
    completed = run("bash", "-c", ". /usr/share/bash-completion/completions/reeld; COMP_WORDS=(reeld ver) COMP_CWORD=1; "
                    "_reeld; echo ${COMPREPLY[*]}")  # fmt: skip
    assert completed.strip() == "verify"

with step(f"systemd-analyze finds the exposure to be at most {EXPOSURE_MAX}, with TCP allowed"):
    told = run("systemd-analyze", "security", "--no-pager", "reeld.service")
    assert "AF_INET" in unit("RestrictAddressFamilies")
    exposure = float(re.search(r"Overall exposure level for reeld.service: ([0-9.]+)", told)[1])
    print(f"exposure {exposure}")
    assert exposure <= EXPOSURE_MAX, told

with step("verify finds a sound store"):
    run("systemctl", "stop", "reeld.service", "reeld.socket")
    run("systemd-run", "--quiet", "--pipe", "--wait", "-p", "User=reeld", "-p", "LoadCredentialEncrypted=reeld.key",
        "reeld", "verify", "--store=/var/lib/reeld")  # fmt: skip
