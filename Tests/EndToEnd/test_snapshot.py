"""Copies of a running store, and the way back: README "Erasing, exporting, backing up", as it is written there."""

import json
import os
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

FAILURE, USAGE = 1, 2
ROOT = Path(__file__).resolve().parents[2]


def event(number: int, padding: int = 0) -> bytes:
    return b'{"type":3,"timestamp":%d,"data":{"source":1,"x":"%s"}}' % (1_700_000_000_000 + number, b"x" * padding)


def verify(daemon, directory, exit_code=0):
    return json.loads(daemon.run("verify", f"--store={directory}", "-o", "json", exit_code=exit_code).stdout)


def restore(household, snapshot, keys, **options):
    """A daemon on a copy of a snapshot and its keys, made as the README says."""
    restored = household.prepare(**options)
    subprocess.run(["cp", "-a", snapshot, restored.store], check=True)
    subprocess.run(["cp", "-a", keys, restored.store / "keys"], check=True)
    return restored.start()


def commands_of_the_readme() -> list[str]:
    blocks = (ROOT / "README.md").read_text().split("**Backing up.**")[1].split("## The rooms")[0]
    return [line.strip() for line in blocks.splitlines() if line.startswith("    ")]


def commands_of_the_manual() -> list[str]:
    page = (ROOT / "packaging/man/reeld.1").read_text().split(".Sh BACKUP")[1].split(".Sh ENVIRONMENT")[0]
    blocks = "".join(re.findall(r"\.Bd -literal.*?\n(.*?)\.Ed", page, re.DOTALL))
    return blocks.replace("\\-", "-").replace("\\e\n", "").splitlines()


@pytest.mark.parametrize(
    "commands, count", [(commands_of_the_readme(), 13), (commands_of_the_manual(), 12)], ids=["README", "manual"]
)
def test_backing_up_and_restoring_as_it_is_written(household, tmp_path, commands, count):
    daemon = household.start()
    for number in (1, 2, 3):
        daemon.begin(user="zoe")
        daemon.post(number, [event(number)])
    assert len(commands) == count
    for command in commands:
        if command == "systemctl stop reeld":
            # After the snapshot: the restored store must know of it by the ledger.
            daemon.reeld("erase", "--yes", "2")
            assert daemon.stop() == 0
            daemon.process = None
        elif command == "systemctl start reeld":
            daemon.start()
        else:
            line = command.replace("/var/lib/reeld", str(daemon.store)).replace("/srv", str(tmp_path))
            line = re.sub("  +", " ", line).replace("reeld: ", "$(id -un): ").replace("reeld snapshot --e", f"reeld snapshot --socket={daemon.socket} --e")
            environment = os.environ | {"PATH": f"{daemon.binary.parent}:{os.environ['PATH']}"}
            subprocess.run(["sh", "-ec", line], check=True, env=environment, capture_output=True)
    assert [daemon.ask("GET", f"/v1/recordings/{n}").status for n in (1, 2, 3)] == [200, 410, 200]
    assert daemon.events_text(3) == b"[" + event(3) + b"]"


class Writers:
    """Clients that write as fast as they are answered, and know what was answered."""

    def __init__(self, daemon, count: int):
        self.daemon = daemon
        self.acked: dict[int, list[bytes]] = {daemon.begin(user=f"u{n}"): [] for n in range(count)}
        self.isStopped = False
        self.threads = [threading.Thread(target=self.write, args=(number,)) for number in self.acked]
        for thread in self.threads:
            thread.start()

    def write(self, number: int):
        connection = self.daemon.connect()
        batch = 0
        while not self.isStopped:
            events = [event(1_000 * batch + n, padding=700) for n in range(20)]
            answer = self.daemon.post(number, events, writer="w", batch=batch, connection=connection)
            assert answer.status == 201, answer.body
            self.acked[number] += events
            batch += 1

    def snapshot_of_acked(self) -> dict[int, int]:
        return {number: len(events) for number, events in self.acked.items()}

    def stop(self):
        self.isStopped = True
        for thread in self.threads:
            thread.join()


def test_every_event_acked_before_a_snapshot_is_in_it_byte_for_byte(household, tmp_path):
    daemon = household.start(configuration="[store]\nsegment_size = 1M\n")
    writers = Writers(daemon, 4)
    try:
        while daemon.figures()["segments"] < 6:
            time.sleep(0.05)
        before = writers.snapshot_of_acked()
        snapshot = tmp_path / "snapshot"
        told = daemon.reeld("snapshot", f"--with-keys={tmp_path / 'k'}", str(snapshot)).stdout.decode()
        daemon.reeld("vacuum")
    finally:
        writers.stop()
    assert "to be kept until" in told and not (tmp_path / "snapshot.new").exists()
    assert sorted(path.name for path in snapshot.iterdir()) == ["log", "snapshot.json", "store"]
    report = verify(daemon, snapshot)
    assert report["sound"] and report["snapshot"]["as_made"] and not report["snapshot"]["expired"]
    assert daemon.stop() == 0
    daemon.process = None

    restored = restore(household, snapshot, tmp_path / "k")
    for number, count in before.items():
        events = restored.ask("GET", f"/v1/recordings/{number}").json["events"]
        assert events >= count and events % 20 == 0, "whole batches, and all that were acked"
        assert restored.events_text(number) == b"[" + b",\n".join(writers.acked[number][:events]) + b"]"
    # It is a store like any other from now on.
    assert "it is a store from now on" in restored.log_text and not (restored.store / "snapshot.json").exists()
    assert restored.begin() == len(before) + 1
    restored.restart()
    # Without the keys it is noise, and says so.
    keyless = household.prepare()
    subprocess.run(["cp", "-a", snapshot, keyless.store], check=True)
    done = subprocess.run(keyless.command(), capture_output=True, timeout=30)
    assert done.returncode == FAILURE and b"keys of this encrypted store are not here" in done.stderr
    # And the snapshot is what it was.
    assert verify(restored, snapshot)["snapshot"]["as_made"]


def test_sealed_segments_are_links_and_the_active_one_is_a_copy(household, tmp_path):
    daemon = household.start(configuration="[store]\nsegment_size = 1M\n[compaction]\nautomatic = no\n")
    number = daemon.begin()
    for batch in range(40):
        daemon.post(number, [event(batch * 100 + n, padding=5_000 + batch) for n in range(20)])
        daemon.post(number, [os.urandom(60_000).hex().encode().join([b'{"type":5,"timestamp":1,"data":"', b'"}'])])
    snapshot = daemon.store / "snapshots" / "one"
    answer = daemon.reeld("snapshot", f"--with-keys={tmp_path / 'k'}", str(snapshot), "-o", "json").stdout
    segments = sorted((daemon.store / "log").iterdir())
    assert json.loads(answer)["linked"] == len(segments) - 1 >= 1
    links = [path.stat().st_nlink for path in segments]
    assert links == [2] * (len(segments) - 1) + [1]
    # What the store does next does not change it.
    daemon.reeld("erase", "--yes", str(number))
    daemon.reeld("vacuum")
    assert verify(daemon, snapshot)["snapshot"]["as_made"]
    restored = restore(household, snapshot, tmp_path / "k")
    assert restored.ask("GET", f"/v1/recordings/{number}").status == 200
    # The store's ledger applied, as the README has it, it is erased there, too.
    assert restored.stop() == 0
    restored.process = None
    shutil.copy(daemon.store / "erased.ledger", restored.store / "erased.ledger")
    restored.start()
    assert restored.ask("GET", f"/v1/recordings/{number}").status == 410


def test_erasures_so_far_go_with_the_snapshot(daemon, household, tmp_path):
    for _ in range(3):
        daemon.begin(user="zoe")
    daemon.reeld("erase", "--yes", "2")
    daemon.reeld("snapshot", f"--with-keys={tmp_path / 'k'}", str(tmp_path / "s"))
    assert (tmp_path / "s/erased.ledger").read_bytes() == (daemon.store / "erased.ledger").read_bytes()
    restored = restore(household, tmp_path / "s", tmp_path / "k")
    assert [restored.ask("GET", f"/v1/recordings/{n}").status for n in (1, 2, 3)] == [200, 410, 200]


@pytest.mark.parametrize(
    "words, code",
    [(["snapshot"], USAGE), (["snapshot", "STORE/log/x"], USAGE), (["snapshot", "STORE"], USAGE),
     (["snapshot", "TMP/full"], FAILURE), (["snapshot", "TMP/nowhere/x"], FAILURE),
     (["snapshot", "--expires=0", "TMP/x"], USAGE), (["snapshot", "--expires=soon", "TMP/x"], USAGE),
     (["snapshot", "TMP/x/../y"], USAGE), (["snapshot", "--with-keys=TMP/x/keys", "TMP/x"], USAGE),
     (["snapshot", "--prune", "--expires=1d", "TMP/x"], USAGE), (["snapshot", "--prune", "TMP/nowhere"], FAILURE)],
)  # fmt: skip
def test_what_cannot_be_a_snapshot_leaves_nothing(daemon, tmp_path, words, code):
    daemon.begin()
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").write_text("mine")
    before = sorted(path for path in daemon.store.rglob("*") if "index" not in path.parts)
    words = [word.replace("STORE", str(daemon.store)).replace("TMP", str(tmp_path)) for word in words]
    daemon.reeld(*words, exit_code=code)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full"]
    assert (tmp_path / "full/mine").read_text() == "mine"
    assert sorted(path for path in daemon.store.rglob("*") if "index" not in path.parts) == before


def test_what_an_interrupted_try_left_is_overwritten_and_strangers_are_not(daemon, tmp_path):
    daemon.begin()
    (tmp_path / "s.new/log").mkdir(parents=True)
    (tmp_path / "s.new/log/0000000001.seg").write_text("half")
    (tmp_path / "s.new/store").write_text("half")
    done = daemon.reeld("snapshot", str(tmp_path / "s"))
    assert b"has no keys" in done.stderr and b"--with-keys" in done.stderr
    assert verify(daemon, tmp_path / "s")["snapshot"]["as_made"]
    (tmp_path / "t.new/log").mkdir(parents=True)
    (tmp_path / "t.new/log/mine").write_text("mine")
    daemon.reeld("snapshot", str(tmp_path / "t"), exit_code=FAILURE)
    assert (tmp_path / "t.new/log/mine").read_text() == "mine" and not (tmp_path / "t").exists()


def test_a_changed_snapshot_is_told_by_verify(daemon, tmp_path):
    number = daemon.begin()
    daemon.post(number, [event(n) for n in range(10)])
    daemon.reeld("erase", "--yes", str(daemon.begin()))
    daemon.reeld("snapshot", str(tmp_path / "s"))
    segment = next((tmp_path / "s/log").iterdir())

    def changed(change):
        shutil.rmtree(tmp_path / "t", ignore_errors=True)
        shutil.copytree(tmp_path / "s", tmp_path / "t")
        change(tmp_path / "t")
        report = verify(daemon, tmp_path / "t", exit_code=FAILURE)
        assert not (report["sound"] and report["snapshot"]["as_made"])
        return report["snapshot"]["faults"]

    assert "gone" in changed(lambda t: (t / "erased.ledger").unlink())[0]
    assert "bytes" in changed(lambda t: os.truncate(t / "log" / segment.name, 100))[0]
    assert "checksum" in changed(lambda t: (t / "erased.ledger").write_bytes((t / "erased.ledger").read_bytes()[:-2] + b"0\n"))[0]
    assert "not the snapshot's" in changed(lambda t: (t / "log/0000000099.seg").write_text("x"))[0]
    assert "manifest" in changed(lambda t: (t / "snapshot.json").write_text("{}"))[0]


def test_an_expired_snapshot_is_told_and_pruned_and_others_are_not(daemon, tmp_path):
    daemon.begin()
    for name in ("old", "older", "new"):
        daemon.reeld("snapshot", str(tmp_path / name))
    daemon.reeld("snapshot", "--expires=never", str(tmp_path / "forever"))
    (tmp_path / "mine").mkdir()
    assert b"no snapshot has expired" in daemon.run("snapshot", "--prune", str(tmp_path)).stdout
    for name in ("old", "older"):
        manifest = json.loads((tmp_path / name / "snapshot.json").read_text())
        manifest["expires"] = "2020-01-01T00:00:00.000000Z"
        (tmp_path / name / "snapshot.json").write_text(json.dumps(manifest))
    (tmp_path / "older/mine").write_text("mine")
    assert verify(daemon, tmp_path / "old")["snapshot"]["expired"]
    assert b"expired on 2020-01-01" in daemon.run("verify", f"--store={tmp_path / 'old'}").stdout
    done = daemon.run("snapshot", "--prune", str(tmp_path), exit_code=FAILURE)
    assert b"older: expired, and not removed: mine" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["forever", "mine", "new", "older"]


def test_the_pair_of_a_snapshot_and_its_keys_is_proved_and_goes_together(daemon, tmp_path):
    number = daemon.begin()
    daemon.post(number, [event(n) for n in range(10)])
    snapshot, keys = tmp_path / "s", tmp_path / "k"
    daemon.reeld("snapshot", f"--with-keys={keys}", str(snapshot))
    told = daemon.run("verify", f"--store={snapshot}").stdout.decode()
    assert "for want of a key" in told and "--keys=DIR" in told
    told = daemon.run("verify", f"--store={snapshot}", f"--keys={keys}").stdout.decode()
    assert "each opens" in told and ": sound: " in told and "for want of a key" not in told
    for ring in keys.glob("*.ring"):
        ring.write_bytes(ring.read_bytes()[:5000])
    told = daemon.run("verify", f"--store={snapshot}", f"--keys={keys}", exit_code=FAILURE).stdout.decode()
    assert ".ring: it has 5000 bytes" in told and "not as it was made: 2 files" in told and ": sound" not in told
    daemon.run("verify", f"--store={snapshot}", f"--keys={tmp_path / 'nowhere'}", exit_code=FAILURE)
    daemon.run("verify", f"--store={snapshot}", f"--keys={keys}", "--repair", exit_code=USAGE)
    for manifest in (snapshot / "snapshot.json", keys / "snapshot.json"):
        text = re.sub('"expires":"[^"]*"', '"expires":"2020-01-01T00:00:00.000000Z"', manifest.read_text())
        manifest.write_text(text)
    assert b"its keys" in daemon.run("snapshot", "--prune", str(snapshot)).stdout
    assert list(tmp_path.iterdir()) == []


def test_keys_that_were_moved_are_told_and_pruned_where_they_are(daemon, tmp_path):
    daemon.begin()
    daemon.reeld("snapshot", f"--with-keys={tmp_path / 'k'}", str(tmp_path / "s"))
    (tmp_path / "safe").mkdir()
    (tmp_path / "k").rename(tmp_path / "safe/k")
    for manifest in (tmp_path / "s/snapshot.json", tmp_path / "safe/k/snapshot.json"):
        text = re.sub('"expires":"[^"]*"', '"expires":"2020-01-01T00:00:00.000000Z"', manifest.read_text())
        manifest.write_text(text)
    done = daemon.run("snapshot", "--prune", str(tmp_path / "s"))
    assert f"its keys were put into {tmp_path / 'k'}" in done.stderr.decode()
    daemon.run("snapshot", "--prune", str(tmp_path / "safe"))
    assert [path.name for path in tmp_path.iterdir()] == ["safe"] and list((tmp_path / "safe").iterdir()) == []


def test_a_place_where_the_daemon_may_not_write_is_told(daemon, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "closed").mkdir(mode=0o500)
    done = daemon.reeld("snapshot", str(tmp_path / "closed/s"), exit_code=FAILURE)
    assert b"ReadWritePaths" in done.stderr
