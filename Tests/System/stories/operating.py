"""What an admin operates by: `reeld doctor` on a healthy machine and on broken ones, and the nightly verification."""

import json
import re
import shutil
from pathlib import Path

from machine import CREDENTIAL, add_user, ask, events, install, is_up, journal, message_id, record, run, step, unit, until

STORE = Path("/var/lib/reeld")
DROP_IN = Path("/etc/reeld/reeld.conf.d/10-test.conf")
VERIFY = "reeld-verify.service"
EXPOSURE_MAX = 1.5
# A container's clock is its machine's, and a test's machine has no network to set it by.
NOT_THE_MACHINES_FAULT = {"clock"}


def doctor(exit_code: int = 0, user: str = "") -> dict[str, list[dict]]:
    """The findings by check."""
    findings: dict[str, list[dict]] = {}
    for finding in json.loads(run("reeld", "doctor", "-o", "json", exit_code=exit_code, user=user))["findings"]:
        findings.setdefault(finding["check"], []).append(finding)
    return findings


def broken(findings: dict) -> list[str]:
    return [check for check, found in findings.items() if any(one["verdict"] == "broken" for one in found)]


def text(findings: dict, check: str) -> str:
    return "\n".join(f"{one['verdict']}: {one['text']} -> {one.get('advice', '')}" for one in findings.get(check, []))


install()

with step("a doctor on a fresh install finds all well"):
    told = doctor()
    odd = {check for check, found in told.items() if any(one["verdict"] != "well" for one in found)}
    assert odd <= NOT_THE_MACHINES_FAULT, told
    assert f"{CREDENTIAL} has the store's key" in text(told, "key") and "copy" in text(told, "key")
    assert "watchdog 3min" in text(told, "service") and "reeld-ingest (no member yet) may record" in text(told, "socket")
    print(run("reeld", "doctor"))

with step("a member of reeld-view is told what he may see, and what not; a stranger, too"):
    add_user("alice", "reeld-view")
    add_user("mallory")
    for user, unseen in (("alice", {"store", "key", "snapshots"}), ("mallory", {"store", "socket", "verify", "forecast"})):
        told = doctor(user=user)
        assert broken(told) == []
        assert unseen <= {check for check, found in told.items() if any(one["verdict"] == "unseen" for one in found)}, told
    assert "alice" in text(doctor(), "socket")

with step("the timer runs from the installation on, and lets verify have the whole store with the credential"):
    assert unit("UnitFileState", "reeld-verify.timer") == "enabled" and unit("ActiveState", "reeld-verify.timer") == "active"
    assert unit("Result", VERIFY) == "success" and not (STORE / "verified.json").exists()
    record()
    sent = events(1)
    # Tonight is now.
    soon = Path("/run/systemd/system/reeld-verify.timer.d/soon.conf")
    soon.parent.mkdir(parents=True)
    soon.write_text("[Timer]\nOnCalendar=\nRandomizedDelaySec=0\nPersistent=no\nOnActiveSec=1s\nAccuracySec=1s\n")
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "reeld-verify.timer")
    until("it has left word", (STORE / "verified.json").exists)
    until("it has ended", lambda: unit("ActiveState", VERIFY) == "inactive")
    soon.unlink()
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "reeld-verify.timer")

with step("its word is in the doctor, the figures, the metrics and the journal"):
    told = doctor()
    assert text(told, "verify").startswith("well: 20") and ": sound" in text(told, "verify")
    figures = json.loads(ask("GET", "/v1/store")[1])
    assert figures["verified_faults"] == 0 and figures["verified_unopened_frames"] == 0
    assert b"\nreeld_last_verify_sound 1\n" in ask("GET", "/metrics")[1]
    assert "verified: 20" in run("reeld", "stats")
    (entry,) = journal(f"MESSAGE_ID={message_id('A verification or a trial restoring found nothing wrong')}")
    assert entry["PRIORITY"] == "5" and entry["_SYSTEMD_UNIT"] == VERIFY
    assert (STORE / "verified.json").owner() == "reeld"

with step("found damage fails the unit, is an error of the journal that the catalog explains, and the doctor tells"):
    (segment,) = (STORE / "log").glob("*.seg")
    # In the payload of the first frame of events: kind 3, FORMAT.md §4.
    place = segment.read_bytes().index(b"RLF1\x03") + 200
    with segment.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ 1]))
    run("systemctl", "start", VERIFY, exit_code=1)
    assert unit("ActiveState", VERIFY) == "failed" and unit("ExecMainStatus", VERIFY) == "1"
    found = journal(f"MESSAGE_ID={message_id('A verification or a trial restoring failed')}", "-p", "err")
    assert found and "damaged: 1 place" in found[-1]["MESSAGE"], found
    assert "reeld verify --repair" in run("journalctl", "-x", "--no-pager", "-u", VERIFY)
    told = doctor(exit_code=1)
    assert broken(told) == ["verify"], told
    assert "reeld-verify.service failed" in text(told, "verify") and "2 faults found" in text(told, "verify")
    with segment.open("r+b") as file:
        file.seek(place)
        file.write(byte)
    run("systemctl", "start", VERIFY)
    assert broken(doctor()) == [] and events(1) == sent

with step("a key that is gone is broken, and urgent while the daemon still has it"):
    CREDENTIAL.rename("/root/credential")
    told = doctor(exit_code=1)
    assert broken(told) == ["key"] and "do not stop it before" in text(told, "key")
    Path("/root/credential").rename(CREDENTIAL)

with step("other broken machines are each told by what it is"):
    run("reeld", "key", "generate", "/root/other.key")
    key = CREDENTIAL.read_bytes()
    run("systemd-creds", "encrypt", "--name=reeld.key", "/root/other.key", str(CREDENTIAL))
    CREDENTIAL.chmod(0o600)
    told = doctor(exit_code=1)
    assert broken(told) == ["key"] and "store was written with" in text(told, "key"), told
    CREDENTIAL.write_bytes(b"nothing")
    told = doctor(exit_code=1)
    assert broken(told) == ["key"] and "does not open on this machine" in text(told, "key"), told
    CREDENTIAL.write_bytes(key)

    STORE.chmod(0o755)
    assert broken(doctor(exit_code=1)) == ["store"]
    STORE.chmod(0o700)

    run("chown", "root:", str(segment))
    told = doctor(exit_code=1)
    assert broken(told) == ["store"] and str(segment) in text(told, "store")
    run("chown", "reeld:", str(segment))

    DROP_IN.write_text("[retention]\nmax_age = soon\n")
    told = doctor(exit_code=1)
    assert broken(told) == ["configuration"] and f"{DROP_IN}:2: retention.max_age" in text(told, "configuration")
    DROP_IN.write_text("[server]\nlisten = 127.0.0.1:7335\n")
    told = doctor(exit_code=1)
    assert broken(told) == ["tcp"] and "restart the daemon" in text(told, "tcp")
    run("systemctl", "restart", "reeld")
    assert broken(doctor()) == []
    (STORE / "read.token").chmod(0o644)
    told = doctor(exit_code=1)
    assert broken(told) == ["token"] and "every recording" in text(told, "token")
    (STORE / "read.token").chmod(0o600)
    DROP_IN.unlink()

    run("systemctl", "stop", "reeld.service", "reeld.socket")
    told = doctor(exit_code=1)
    assert broken(told) == ["socket"] and "reeld.service is inactive" in text(told, "service")
    run("systemctl", "start", "reeld.socket", "reeld.service")
    run("systemctl", "disable", "--now", "reeld-verify.timer")
    assert "look: reeld-verify.timer does not run" in text(doctor(), "verify")
    run("systemctl", "enable", "--now", "reeld-verify.timer")
    assert is_up() and broken(doctor()) == [] and events(1) == sent

with step("the example of a nightly snapshot makes one, restores it on trial and prunes"):
    for path in Path("/usr/share/doc/reeld/examples/snapshot").glob("reeld-snapshot.*"):
        shutil.copy(path, "/etc/systemd/system")
    run("systemctl", "daemon-reload")
    run("systemctl", "enable", "--now", "reeld-snapshot.timer")
    assert unit("ActiveState", "reeld-snapshot.timer") == "active"
    run("systemctl", "start", "reeld-snapshot.service")
    made = sorted(path.name for path in (STORE / "snapshots").iterdir())
    assert len(made) == 2 and made[1] == made[0] + ".keys", made
    (entry,) = [one for one in journal("-u", "reeld-snapshot.service", "REELD_FILE=" + str(STORE / "snapshots" / made[0]))
                if "restored on trial" in one["MESSAGE"]]  # fmt: skip
    assert "1 recording, " in entry["MESSAGE"] and entry["PRIORITY"] == "5"
    assert text(doctor(), "snapshots").startswith("well: 1 snapshot in ")

with step(f"the nightly verification is held as the daemon is: exposure at most {EXPOSURE_MAX}"):
    told = run("systemd-analyze", "security", "--no-pager", VERIFY)
    exposure = float(re.search(rf"Overall exposure level for {VERIFY}: ([0-9.]+)", told)[1])
    print(f"exposure {exposure}")
    assert exposure <= EXPOSURE_MAX, told
    assert "SWIFT_BACKTRACE=enable=no" in unit("Environment") and "SWIFT_BACKTRACE=enable=no" in unit("Environment", VERIFY)
