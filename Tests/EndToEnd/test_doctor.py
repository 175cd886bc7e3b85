"""`reeld doctor` as an admin sees it: each broken machine is told with its cure, and what this user may not see is said."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from daemon import key_file

FAILURE = 1
STRANGER = "nobody"


def event(number: int) -> bytes:
    return b'{"type":3,"timestamp":%d,"data":{"source":1}}' % (1_700_000_000_000 + number)


def options(daemon) -> list[str]:
    """As for `reeld serve`."""
    return [f"--config={daemon.configuration}", f"--store={daemon.store}", f"--key-file={key_file()}",
            f"--socket={daemon.socket}"]  # fmt: skip


def doctor(daemon, *more: str, exit_code: int = 0, user: str = "") -> dict[str, list[dict]]:
    """The findings by check."""
    words = [str(daemon.binary), "doctor", "-o", "json", *options(daemon), *more]
    words = ["runuser", "-u", user, "--", *words] if user else words
    done = subprocess.run(words, capture_output=True, timeout=120)
    assert done.returncode == exit_code, (done.returncode, done.stdout, done.stderr)
    findings: dict[str, list[dict]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        findings.setdefault(finding["check"], []).append(finding)
    return findings


def verdicts(findings: dict, check: str) -> list[str]:
    return [finding["verdict"] for finding in findings.get(check, [])]


def broken(findings: dict) -> list[str]:
    return [check for check in findings if "broken" in verdicts(findings, check)]


def test_a_daemon_that_runs_is_well(daemon):
    daemon.post(daemon.begin(), [event(1)])
    told = doctor(daemon, f"--listen=127.0.0.1:{daemon.port}")
    assert broken(told) == []
    # Nothing keeps the clock of a test's machine right, and it has none of the package's groups.
    assert {check for check in told if verdicts(told, check) != ["well"]} <= {"clock", "socket"}
    assert "reeld 0.1.0 answers" in told["socket"][-1]["text"]
    assert "has the store's key" in told["key"][0]["text"] and "copy" in told["key"][0]["text"]
    text = daemon.run("doctor", *options(daemon)).stdout.decode().splitlines()
    assert text[0].startswith("well    configuration  ") and text[-1].startswith("0 broken, ")


def test_a_daemon_that_is_stopped_and_a_store_that_is_not_there_yet(household):
    daemon = household.start()
    daemon.post(daemon.begin(), [event(1)])
    assert daemon.stop() == 0
    told = doctor(daemon, exit_code=FAILURE)
    assert broken(told) == ["socket"]
    assert verdicts(told, "store") == ["well"] and verdicts(told, "key") == ["well"]

    new = household.prepare()
    told = doctor(new, exit_code=FAILURE)
    assert broken(told) == ["socket"] and "there is no store yet" in told["store"][0]["text"]
    assert not new.store.exists()


def test_it_changes_nothing(household):
    daemon = household.start()
    daemon.post(daemon.begin(), [event(1)])
    daemon.stop()

    def files():
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(daemon.store.rglob("*"))}

    before = files()
    doctor(daemon, exit_code=FAILURE)
    assert files() == before


def test_what_others_may_read_is_broken(household):
    daemon = household.start()
    for path, mode, check in [(daemon.store, 0o755, "store"), (daemon.store / "read.token", 0o644, "token"),
                              (daemon.configuration, 0o666, "configuration")]:  # fmt: skip
        right = path.stat().st_mode
        path.chmod(mode)
        told = doctor(daemon, exit_code=FAILURE)
        assert broken(told) == [check], told
        assert all(finding["advice"] for finding in told[check] if finding["verdict"] == "broken")
        path.chmod(right)
    key = Path(tempfile.mkdtemp(dir=daemon.home)) / "store.key"
    shutil.copy(key_file(), key)
    key.chmod(0o644)
    told = doctor(daemon, f"--key-file={key}", exit_code=FAILURE)
    assert broken(told) == ["key"] and "chmod 600" in told["key"][0]["advice"]


def test_a_key_that_is_another_or_gone(household):
    daemon = household.start()
    other = daemon.home / "other.key"
    daemon.run("key", "generate", str(other))
    told = doctor(daemon, f"--key-file={other}", exit_code=FAILURE)
    fingerprint = daemon.run("key", "fingerprint", str(other)).stdout.decode().strip()
    assert broken(told) == ["key"] and fingerprint in told["key"][0]["text"]
    told = doctor(daemon, f"--key-file={daemon.home}/none", exit_code=FAILURE)
    assert broken(told) == ["key"] and "do not stop it before" in told["key"][0]["advice"]


def test_a_broken_configuration_and_a_port_that_does_not_answer(household):
    daemon = household.start()
    daemon.configuration.write_text("[store]\nsegment_size = huge\n")
    told = doctor(daemon, exit_code=FAILURE)
    assert broken(told) == ["configuration"]
    assert told["configuration"][0]["text"].startswith(f"{daemon.configuration}:2: store.segment_size: 'huge'")
    daemon.configuration.write_text("")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = doctor(daemon, f"--listen=127.0.0.1:{port}", exit_code=FAILURE)
    assert broken(told) == ["tcp"]


def test_a_damaged_identity_and_a_snapshot_past_its_date(household):
    daemon = household.start()
    daemon.post(daemon.begin(), [event(1)])
    snapshot = daemon.store / "snapshots" / "today"
    daemon.reeld("snapshot", "--expires=60s", str(snapshot))
    assert verdicts(doctor(daemon), "snapshots") == ["well"]
    manifest = snapshot / "snapshot.json"
    manifest.write_text(manifest.read_text().replace('"expires":"20', '"expires":"19'))
    told = doctor(daemon)
    assert verdicts(told, "snapshots") == ["look"] and "--prune" in told["snapshots"][0]["advice"]
    daemon.stop()
    (daemon.store / "store").write_bytes(b"x")
    for path in (daemon.store / "keys").glob("store"):
        path.unlink()
    assert set(broken(doctor(daemon, exit_code=FAILURE))) == {"store", "socket"}


def test_the_word_of_the_last_verification_arrives(household):
    daemon = household.start(configuration="[store]\nencryption = no\n")
    daemon.post(daemon.begin(), [event(number) for number in range(100)])
    assert "not yet" in doctor(daemon)["verify"][0]["text"]
    daemon.reeld_store("verify")
    told = doctor(daemon)
    assert verdicts(told, "verify") == ["well"] and "sound" in told["verify"][0]["text"]
    figures = daemon.ask("GET", "/v1/store").json
    assert figures["verified"] and figures["verified_faults"] == 0 and figures["reserve_bytes"] > 0
    metrics = daemon.ask("GET", "/metrics").body.decode()
    assert "\nreeld_last_verify_sound 1\n" in metrics and "\nreeld_last_verify_faults 0\n" in metrics
    assert "verified: 20" in daemon.reeld("stats").stdout.decode()
    # Not of a copy that was never a store in use.
    snapshot = daemon.home / "copy"
    daemon.reeld("snapshot", str(snapshot))
    daemon.run("verify", f"--store={snapshot}")
    assert not (snapshot / "verified.json").exists()

    daemon.stop()
    (segment,) = (daemon.store / "log").glob("*.seg")
    data = bytearray(segment.read_bytes())
    data[-20] ^= 1
    segment.write_bytes(data)
    daemon.reeld_store("verify", exit_code=FAILURE)
    told = doctor(daemon, exit_code=FAILURE)
    assert "verify" in broken(told) and "reeld verify" in told["verify"][0]["advice"]
    daemon.reeld_store("verify", "--repair")
    assert verdicts(doctor(daemon, exit_code=FAILURE), "verify") == ["well"]


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root, to become somebody else")
def test_a_stranger_is_told_what_he_may_not_see_and_a_member_sees_more(household):
    daemon = household.start(configuration="[server]\nview_group = nogroup\n")
    daemon.post(daemon.begin(), [event(1)])
    daemon.reeld_store("verify")
    daemon.home.chmod(0o755)
    told = doctor(daemon, user=STRANGER)
    assert broken(told) == []
    for check in ("store", "key", "socket", "verify", "forecast"):  # Not even by the kernel.
        assert verdicts(told, check) == ["unseen"], (check, told)
    assert verdicts(told, "space") == ["well"]
    # Who may use the socket learns from the daemon what he cannot see himself.
    shutil.chown(daemon.socket, group="nogroup")
    told = doctor(daemon, user=STRANGER)
    assert broken(told) == []
    for check in ("verify", "forecast", "space"):
        assert verdicts(told, check) == ["well"], (check, told)
    assert "nogroup (no member yet) watch" in told["socket"][-1]["text"]
    assert verdicts(told, "store") == ["unseen"]


def test_a_store_with_files_of_another_user(household):
    if os.geteuid() != 0:
        pytest.skip("takes root, to give files away")
    daemon = household.start()
    daemon.stop()
    (segment,) = (daemon.store / "log").glob("*.seg")
    shutil.chown(segment, user=STRANGER)
    told = doctor(daemon, exit_code=FAILURE)
    assert "store" in broken(told) and str(segment) in told["store"][0]["text"]
