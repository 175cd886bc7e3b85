"""Erasing by selection, its certificates and its ledger, as an admin does it."""

import json
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest

FAILURE, USAGE, UNREACHABLE, NOT_FOUND = 1, 2, 3, 4


def out(done) -> str:
    return done.stdout.decode()


def err(done) -> str:
    return done.stderr.decode()


def event(text: str) -> bytes:
    return b'{"type":5,"timestamp":1700000000000,"data":{"tag":"t","payload":"%s"}}' % text.encode()


@pytest.fixture
def peopled(daemon):
    """Recordings 1 to 3 of zoe, the third pinned, and 4 of max."""
    for user, pinned in [("zoe", False), ("zoe", False), ("zoe", True), ("max", False)]:
        number = daemon.begin(user=user, project="shop", pinned=pinned)
        daemon.post(number, [event(f"secret of {user} {number}")])
    return daemon


def numbers(daemon) -> list[int]:
    return [json.loads(line)["number"] for line in out(daemon.reeld("ls", "-r", "-o", "json")).splitlines()]


def status(daemon, number) -> int:
    return daemon.ask("GET", f"/v1/recordings/{number}").status


def test_a_dry_run_lists_and_a_selection_erases(peopled):
    told = out(peopled.reeld("erase", "--user=zoe", "--dry-run"))
    assert "would erase 3 recordings" in told and "1 of them pinned" in told
    assert numbers(peopled) == [1, 2, 3, 4]
    peopled.reeld("erase", "--user=zoe", exit_code=USAGE)
    done = peopled.reeld("erase", "--user=zoe", "--yes", exit_code=FAILURE)
    assert out(done) == "2 recordings erased\n" and "3 is pinned" in err(done)
    assert numbers(peopled) == [3, 4] and status(peopled, 1) == 410
    done = peopled.reeld("erase", "--user=zoe", "--yes", "--override-hold=court order")
    assert out(done) == "1 recording erased\n" and numbers(peopled) == [4]
    assert "override=court order" in peopled.log_text and "recordings=1-2" in peopled.log_text


@pytest.mark.parametrize(
    "words, code",
    [(["--yes"], USAGE), (["--yes", "1", "--user=zoe"], USAGE), (["--yes", "--user="], USAGE),
     (["--yes", "--before=1d"], USAGE), (["--yes", "--user=zoe", "--before=someday"], USAGE),
     (["--yes", "1", "--before=1d"], USAGE), (["--yes", "99"], NOT_FOUND), (["--yes", "3"], FAILURE),
     (["--yes", "--user=zoe", "--override-hold="], USAGE),
     (["--yes", "4", "--certificate=/nowhere/c.txt"], FAILURE)],
)  # fmt: skip
def test_what_is_not_meant_erases_nothing(peopled, words, code):
    peopled.reeld("erase", *words, exit_code=code)
    assert numbers(peopled) == [1, 2, 3, 4]


def test_before_spares_what_began_later(peopled):
    assert out(peopled.reeld("erase", "--user=max", "--before=1h", "--yes")) == "0 recordings erased\n"
    time.sleep(1.1)
    assert out(peopled.reeld("erase", "--user=max", "--before=now", "--yes")) == "1 recording erased\n"


def test_a_certificate_is_checked_anywhere(peopled, tmp_path):
    certificate, key = tmp_path / "zoe.txt", tmp_path / "store.pub"
    peopled.reeld("erase", "1", "2", "--yes", "--reason=asked for", f"--certificate={certificate}")
    key.write_text(out(peopled.reeld("key", "public")))
    peopled.reeld("erase", "4", "--yes", f"--certificate={certificate}", exit_code=FAILURE)
    assert status(peopled, 4) == 200
    peopled.stop()
    peopled.process = None
    assert key.read_text() == out(peopled.reeld_store("key", "public"))

    told = out(peopled.run("verify", f"--certificate={certificate}", f"--public-key={key}"))
    assert "signed by the store" in told and "the one you gave" in told and "reason: asked for" in told
    assert "not given by you" in out(peopled.run("verify", f"--certificate={certificate}"))
    peopled.run("verify", f"--certificate={certificate}", f"--public-key={'0' * 64}", exit_code=FAILURE)
    peopled.run("verify", f"--certificate={certificate}", "--public-key=x", exit_code=USAGE)

    text = certificate.read_text()
    for changed in (text.replace("asked for", "asked fur"), text[:-20], text.replace("recordings 2", "recordings 1")):
        (tmp_path / "changed.txt").write_text(changed)
        done = peopled.run("verify", f"--certificate={tmp_path / 'changed.txt'}", exit_code=FAILURE)
        assert "changed.txt:" in err(done)
    # With another program: all lines but the last, under the key.
    body, signature = text.rsplit("signature ", 1)
    (tmp_path / "body").write_text(body)
    (tmp_path / "signature").write_bytes(bytes.fromhex(signature.strip()))
    der = bytes.fromhex("302a300506032b6570032100" + key.read_text().strip())
    (tmp_path / "key.der").write_bytes(der)
    subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "key.der", "-keyform", "DER", "-rawin",
         "-in", tmp_path / "body", "-sigfile", tmp_path / "signature"],
        check=True, capture_output=True,
    )  # fmt: skip


def test_where_nothing_was_erased_there_is_no_certificate_and_that_is_said(peopled, tmp_path):
    certificate = tmp_path / "nobody.txt"
    done = peopled.reeld("erase", "--user=nobody", "--yes", f"--certificate={certificate}", exit_code=NOT_FOUND)
    assert "no certificate was written" in err(done) and not certificate.exists()


def test_a_certificate_says_how_many_are_left_and_who_came_by_the_store_itself(peopled, tmp_path):
    certificate = tmp_path / "zoe.txt"
    peopled.reeld("erase", "--user=zoe", "--yes", f"--certificate={certificate}", exit_code=FAILURE)
    assert "not erased, though selected: 1 recording" in out(peopled.run("verify", f"--certificate={certificate}"))
    assert certificate.stat().st_mode & 0o777 == 0o600
    assert peopled.stop() == 0
    peopled.process = None
    offline = tmp_path / "max.txt"
    peopled.reeld_store("erase", "4", "--yes", f"--certificate={offline}")
    assert "by a command on the store itself" in offline.read_text() and "Unix socket" not in offline.read_text()


def loses_answers(daemon, path):
    """A socket that passes a request on to the daemon, waits for the answer, and keeps it."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def pass_on():
        client, _ = listener.accept()
        with client, daemon.raw_socket() as server:
            server.sendall(client.recv(1 << 16))
            server.recv(1 << 16)

    thread = threading.Thread(target=pass_on)
    thread.start()
    return thread


def test_an_erasing_whose_answer_was_lost_can_be_certified_again(peopled, tmp_path):
    peopled.reeld("erase", "4", "--yes")
    time.sleep(1.1)
    path = peopled.home / "lossy.sock"
    thread = loses_answers(peopled, path)
    done = peopled.run("erase", "--user=zoe", "--yes", f"--socket={path}", exit_code=UNREACHABLE)
    thread.join()
    assert status(peopled, 1) == 410
    (since,) = re.findall(r"--erased-since=(\S+)'", err(done))
    certificate = tmp_path / "zoe.txt"
    told = out(peopled.reeld("erase", f"--erased-since={since}", f"--certificate={certificate}"))
    assert sorted(told.split("\n")) == ["", "1 erased", "2 erased"]
    told = out(peopled.run("verify", f"--certificate={certificate}"))
    assert "2 recordings erased" in told and f"erased-since={since[:-1]}" in told
    assert numbers(peopled) == [3]
    peopled.reeld("erase", f"--erased-since={since}", "--dry-run", exit_code=USAGE)
    peopled.reeld("erase", f"--erased-since={since}", "3", "--yes", exit_code=USAGE)
    peopled.reeld("erase", "--erased-until=now", "--user=zoe", "--yes", exit_code=USAGE)
    assert numbers(peopled) == [3]


def test_a_restored_store_is_erased_by_a_later_ledger_before_it_serves(peopled, tmp_path):
    assert peopled.stop() == 0
    peopled.process = None
    older = tmp_path / "older"
    shutil.copytree(peopled.store, older)
    peopled.start()
    peopled.reeld("erase", "--yes", "2")
    ledger = tmp_path / "erased.ledger"
    shutil.copy(peopled.store / "erased.ledger", ledger)
    assert peopled.stop() == 0
    peopled.process = None
    shutil.rmtree(peopled.store)
    shutil.copytree(older, peopled.store)
    peopled.configuration.write_text(f"[store]\nledger = {ledger}\n")
    peopled.start()
    assert [status(peopled, number) for number in (1, 2, 3, 4)] == [200, 410, 200, 200]
    assert "that the ledger says were erased" in peopled.log_text
    assert (peopled.store / "erased.ledger").read_text().split()[1] == "2"


@pytest.mark.parametrize("kind", ["foreign", "damaged", "missing"])
def test_a_ledger_that_says_nothing_sure_keeps_the_daemon_from_serving(peopled, household, tmp_path, kind):
    other = household.start() if kind == "foreign" else peopled
    if kind == "foreign":
        other.begin()
    other.reeld("erase", "--yes", "1")
    ledger = tmp_path / "ledger"
    text = (other.store / "erased.ledger").read_text()
    if kind != "missing":
        ledger.write_text(text.replace(" 1 ", " 2 ", 1) if kind == "damaged" else text)
    assert peopled.stop() == 0
    peopled.process = None
    done = subprocess.run([*peopled.command(), f"--ledger={ledger}"], capture_output=True, timeout=60)
    assert done.returncode == FAILURE
    assert {"foreign": "is of store", "damaged": f"{ledger}:1:", "missing": "no such ledger"}[kind] in done.stderr.decode()


def test_the_bytes_of_what_was_erased_leave_the_log_by_themselves(peopled):
    """Found in no segment once the compaction that follows by itself is done."""
    peopled.post(4, [b'{"type":5,"timestamp":1700000000000,"data":{"n":%d}}' % number for number in range(50)])
    size = peopled.ask("GET", "/v1/store").json["log_bytes"]
    before = {path.name for path in (peopled.store / "log").iterdir()}
    peopled.reeld("erase", "--yes", "4")
    deadline = time.monotonic() + 60
    while before & {path.name for path in (peopled.store / "log").iterdir()}:
        assert time.monotonic() < deadline, peopled.log_text
        time.sleep(0.1)
    assert peopled.ask("GET", "/v1/store").json["log_bytes"] < size
    assert status(peopled, 4) == 410 and numbers(peopled) == [1, 2, 3]


def test_ten_thousand_go_in_one_call(daemon):
    """Their number, not their time: that is for the benchmarks."""
    connection = daemon.connect()
    for _ in range(10_001):
        daemon.ask("POST", "/v1/recordings", b'{"user":"zoe"}', connection=connection)
    body = json.dumps({"user": "zoe"})
    started = time.monotonic()
    answer = daemon.ask("POST", "/v1/erase", body)
    print(f"10,000 erased in {time.monotonic() - started:.2f} s")
    assert answer.status == 200 and answer.json["erased"] == 10_000 and answer.json["next"] is not None
    rest = daemon.ask("POST", "/v1/erase", json.dumps({"user": "zoe", "cursor": answer.json["next"]})).json
    assert rest["erased"] == 1 and rest["next"] is None
    assert len((daemon.store / "erased.ledger").read_text().splitlines()) == 10_001
