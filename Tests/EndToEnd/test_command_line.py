"""The command line as a user has it: what the commands do, print, and exit with."""

import gzip
import json
import os
import re
import resource
import signal
import subprocess
import time
from pathlib import Path
from unittest import mock

import pytest

from events import assert_holds, assert_lines, cut, one, some

FAILURE, USAGE, UNREACHABLE, NOT_FOUND, DENIED, CLOSED_PIPE = 1, 2, 3, 4, 5, 141

# Before a command whose output is read while it runs: one that prints nothing must fail and not hang.
PATIENCE = ["timeout", "60"]


def out(done) -> str:
    return done.stdout.decode()


def lines(done) -> list[dict]:
    """JSON, an object a line."""
    return [json.loads(line) for line in out(done).splitlines()]


@pytest.fixture(scope="module")
def kept(shared_household, own_recordings):
    """A daemon with the project's own recordings; tests of this file only read it."""
    daemon = shared_household.start()
    daemon.reeld("import", str(own_recordings), "--user=zoe", "--tag=demo")
    daemon.numbers = {row["activity"]: row["number"] for row in lines(daemon.reeld("ls", "-o", "json"))}
    return daemon


def test_ls_shows_a_table_newest_first_and_json_a_line_each(kept):
    rows = lines(kept.reeld("ls", "-o", "json"))
    assert [row["number"] for row in rows] == [3, 2, 1]
    assert {row["user"] for row in rows} == {"zoe"} and all(row["status"] == "ended" for row in rows)
    table = out(kept.reeld("ls")).splitlines()
    assert table[0].split()[:2] == ["NUMBER", "STARTED"] and len(table) == 4
    assert "form" in kept.numbers and any("form" in row for row in table)


@pytest.mark.parametrize(
    "options, count",
    [(["-n", "2"], 2), (["-n", "all"], 3), (["--user=zoe"], 3), (["--user=nobody"], 0), (["--tag=demo"], 3),
     (["--activity=form"], 1), (["--status=ended"], 3), (["--status=recording"], 0), (["--since=-1h"], 3),
     (["--until=-1h"], 0), (["--search=form"], 1), (["--has=snapshot"], None), (["--pinned"], 0)],
)  # fmt: skip
def test_ls_filters(kept, options, count):
    rows = lines(kept.reeld("ls", "-o", "json", *options))
    if count is not None:
        assert len(rows) == count
    assert len(rows) == len(out(kept.reeld("ls", *options)).splitlines()) - 1


def test_ls_reversed_has_the_newest_last(kept):
    assert [row["number"] for row in lines(kept.reeld("ls", "-r", "-o", "json"))] == [1, 2, 3]


def test_show_tells_the_facts_by_number_and_by_id(kept):
    number = str(kept.numbers["form"])
    (facts,) = lines(kept.reeld("show", number, "-o", "json"))
    assert facts["activity"] == "form" and facts["tags"] == ["demo"] and facts["events"] > 0
    assert lines(kept.reeld("show", facts["id"], "-o", "json")) == [facts]
    assert facts["id"] in out(kept.reeld("show", number)) and "zoe" in out(kept.reeld("show", number))


def test_cat_prints_events_and_selects_them(kept, own_recordings):
    events = cut((own_recordings / "form.json").read_bytes())
    number = str(kept.numbers["form"])
    assert_lines(kept.reeld("cat", number).stdout, events)
    snapshots = [event for event in events if json.loads(event)["type"] == 2]
    assert snapshots
    assert_lines(kept.reeld("cat", number, "--type=full-snapshot").stdout, snapshots)
    assert_lines(kept.reeld("cat", number, "--type=2").stdout, snapshots)
    times = [json.loads(event)["timestamp"] for event in events]
    middle = sorted(times)[len(times) // 2] - min(times)
    seconds = -(-middle // 1000)
    late = [event for event, at in zip(events, times, strict=True) if at - min(times) >= seconds * 1000]
    assert_lines(kept.reeld("cat", number, f"--from=+{seconds}s").stdout, late)


def test_cat_of_a_closed_pipe_dies_quietly(household):
    daemon = household.start()
    number = daemon.begin()
    assert daemon.post(number, some(20_000)).status == 201
    command = [*PATIENCE, str(daemon.binary), "cat", str(number), f"--socket={daemon.socket}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == CLOSED_PIPE


@pytest.mark.parametrize("ending", ["json", "ndjson", "json.gz"])
def test_export_writes_a_file_that_can_be_imported_again(kept, household, tmp_path, ending, own_recordings):
    events = cut((own_recordings / "form.json").read_bytes())
    file = tmp_path / f"form.{ending}"
    kept.reeld("export", str(kept.numbers["form"]), str(file))
    content = file.read_bytes()
    if ending == "json.gz":
        content = gzip.decompress(content)
    if ending == "ndjson":
        assert_lines(content, events)
    else:
        assert_holds(content, events)
    assert os.listdir(tmp_path) == [file.name]
    other = household.start()
    other.reeld("import", str(file))
    assert other.show(1)["events"] == len(events)


def test_export_to_standard_output_needs_no_file(kept, own_recordings):
    done = kept.reeld("export", str(kept.numbers["form"]), "--format=json")
    assert done.stdout.endswith(b"]\n")
    assert_holds(done.stdout.removesuffix(b"\n"), cut((own_recordings / "form.json").read_bytes()))


def test_an_export_that_fails_leaves_no_file(kept, tmp_path):
    kept.reeld("export", "99", str(tmp_path / "x.json"), exit_code=NOT_FOUND)
    assert os.listdir(tmp_path) == []


def test_importing_a_directory_twice_does_not_double(daemon, recordings, tmp_path):
    for name, events in recordings.items():
        (tmp_path / name).write_bytes(b"[" + b",".join(events) + b"]")
    first = out(daemon.reeld("import", str(tmp_path)))
    assert len(first.splitlines()) == len(recordings) and "already" not in first
    before = daemon.figures()
    again = out(daemon.reeld("import", str(tmp_path)))
    assert again.count("was there already") == len(recordings)
    assert daemon.figures() == before
    by_activity = {row["activity"]: row for row in lines(daemon.reeld("ls", "-n", "all", "-o", "json"))}
    for name, events in recordings.items():
        row = by_activity[name.removesuffix(".json")]
        assert row["events"] == len(events)
        assert_holds(daemon.events_text(row["number"]), events)


def test_import_again_on_purpose_makes_new_recordings(daemon, own_recordings):
    daemon.reeld("import", str(own_recordings / "form.json"))
    daemon.reeld("import", "--again", str(own_recordings / "form.json"))
    assert len(lines(daemon.reeld("ls", "-o", "json"))) == 2


def test_import_tells_a_bad_file_and_takes_the_others(daemon, own_recordings, tmp_path):
    (tmp_path / "broken.json").write_bytes(b'[{"type":3,"timestamp":1')
    (tmp_path / "empty.json").write_bytes(b"[]")
    (tmp_path / "good.json").write_bytes(b"[" + one(1) + b"]")
    (tmp_path / "ignored.txt").write_bytes(b"nothing")
    done = daemon.reeld("import", str(tmp_path), exit_code=FAILURE)
    said = done.stderr.decode()
    assert "broken.json" in said and "empty.json" in said and "2 of 3 files failed" in said
    assert [row["activity"] for row in lines(daemon.reeld("ls", "-o", "json"))] == ["good"]


def test_end_ends_for_good_and_erase_needs_a_yes(daemon):
    number = str(daemon.begin())
    daemon.post(number, some(3))
    assert out(daemon.reeld("end", number)).startswith(f"{number} ended with 3 events")
    assert daemon.show(number)["status"] == "ended" and daemon.show(number)["end_reason"] == "request"
    daemon.reeld("erase", number, exit_code=USAGE)
    assert daemon.show(number)["events"] == 3
    assert out(daemon.reeld("erase", "--yes", number)) == f"{number} erased\n"
    daemon.reeld("cat", number, exit_code=NOT_FOUND)


def test_pin_keeps_and_set_changes_what_is_said(daemon):
    first, second = daemon.begin(user="zoe", tags=["old"]), daemon.begin()
    both = [str(first), str(second)]
    assert out(daemon.reeld("pin", *both)) == f"{first} is pinned\n{second} is pinned\n"
    assert [row["number"] for row in lines(daemon.reeld("ls", "--pinned", "-r", "-o", "json"))] == [first, second]
    daemon.reeld("erase", "--yes", str(first), exit_code=FAILURE)
    assert out(daemon.reeld("unpin", str(first))) == f"{first} is pinned no more\n"
    assert [daemon.show(number)["pinned"] for number in (first, second)] == [False, True]
    daemon.reeld("set", *both, "--ticket=SHOP-1", "--tags=a,b", "--notes=seen")
    for number, user in ((first, "zoe"), (second, "")):
        shown = daemon.show(number)
        assert (shown["ticket"], shown["tags"], shown["notes"], shown["user"]) == ("SHOP-1", ["a", "b"], "seen", user)
    daemon.reeld("set", str(first), "--user=", "--tags=")
    assert daemon.show(first)["user"] == "" and daemon.show(first)["tags"] == []
    daemon.reeld("set", str(first), exit_code=USAGE)
    daemon.reeld("pin", exit_code=USAGE)
    # One that is not there keeps no other from its change.
    done = daemon.reeld("unpin", "99", str(second), exit_code=NOT_FOUND)
    assert b"99" in done.stderr and daemon.show(second)["pinned"] is False
    # With the daemon stopped, too.
    assert daemon.stop() == 0
    daemon.process = None
    daemon.reeld_store("pin", str(first))
    daemon.start()
    assert daemon.show(first)["pinned"] is True


def test_an_exported_recording_is_its_owners_alone(kept, tmp_path):
    number = str(next(iter(kept.numbers.values())))
    old = os.umask(0)
    try:
        target = tmp_path / "one.json"
        target.write_text("there before")
        for name in ("one.json", "two.json.gz"):
            kept.reeld("export", number, str(tmp_path / name))
            assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(old)


def test_no_core_dump_of_what_is_decrypted(household):
    def limits(daemon) -> list[str]:
        text = Path(f"/proc/{daemon.process.pid}/limits").read_text()
        return re.search(r"Max core file size\s+(\S+)\s+(\S+)", text).groups()

    resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, resource.RLIM_INFINITY))
    try:
        # Swift's own crash handler would print memory instead, and take its time.
        with mock.patch.dict(os.environ, SWIFT_BACKTRACE="enable=no"):
            daemon = household.start()
        assert list(limits(daemon)) == ["0", "0"]
        daemon.signal(signal.SIGABRT)
        assert daemon.process.wait(30) == -signal.SIGABRT
        daemon.process = None
        assert not list(daemon.home.glob("core*"))
        other = household.start(configuration="[server]\ncore_dumps = yes\n")
        assert list(limits(other)) == [str(1 << 20), "unlimited"]
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.RLIM_INFINITY))


def test_a_store_under_a_passphrase_is_read_by_commands(household, tmp_path):
    words = tmp_path / "passphrase"
    words.write_text("correct horse battery staple\n")
    words.chmod(0o600)
    daemon = household.prepare(configuration=f"[store]\npassphrase_file = {words}\nkey_file = {tmp_path}/none\n")
    with mock.patch.object(daemon, "command", lambda *options: [
        word for word in type(daemon).command(daemon, *options) if not word.startswith("--key-file")
    ]):  # fmt: skip
        daemon.start()
        daemon.post(daemon.begin(), some(3))
        assert daemon.stop() == 0
    daemon.process = None
    assert_lines(daemon.reeld_store("cat", "1", f"--passphrase-file={words}").stdout, some(3))
    daemon.reeld_store("cat", "1", exit_code=FAILURE)
    daemon.reeld_store("cat", "1", f"--passphrase-file={words}", "--key-file=/x", exit_code=USAGE)
    with mock.patch.dict(os.environ, REELD_PASSPHRASE_FILE=str(words)):
        os.environ.pop("REELD_KEY_FILE")
        assert_lines(daemon.reeld_store("cat", "1").stdout, some(3))
        assert "each opens" in out(daemon.reeld_store("verify"))


def test_tail_shows_the_last_and_follows_until_the_end(daemon):
    number = str(daemon.begin())
    daemon.post(number, some(20))
    assert_lines(daemon.reeld("tail", number).stdout, some(10, first=10))
    assert_lines(daemon.reeld("tail", "-n", "3", number).stdout, some(3, first=17))
    command = [*PATIENCE, str(daemon.binary), "tail", "-f", "-n", "1", number, f"--socket={daemon.socket}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as follower:
        assert follower.stdout.readline().rstrip() == one(19)
        daemon.post(number, some(2, first=20))
        assert [follower.stdout.readline().rstrip() for _ in range(2)] == some(2, first=20)
        daemon.reeld("end", number)
        assert follower.stdout.read() == b""
        assert follower.wait(30) == 0


def test_stats_vacuum_and_verify_tell_of_the_store(daemon):
    number = daemon.begin()
    for index in range(100):
        daemon.post(number, some(1, first=index))
    daemon.reeld("end", str(number))
    (figures,) = lines(daemon.reeld("stats", "-o", "json"))
    assert figures["recordings"] == 1 and figures["open"] == 0 and figures["log_bytes"] > 0
    (offline,) = lines(daemon.reeld("stats", "-o", "json"))
    assert offline["version"] == figures["version"] != ""
    assert re.search(r"^recordings: 1$", out(daemon.reeld("stats")), re.MULTILINE)
    (report,) = lines(daemon.reeld("vacuum", "-o", "json"))
    assert 0 < report["bytes_after"] < report["bytes_before"]
    assert "nothing to compact" in out(daemon.reeld("vacuum"))
    # Beside a running daemon too.
    assert re.search(r": sound: .* 1 recording, 100 events", out(daemon.reeld_store("verify")))


@pytest.mark.parametrize("place", [0.02, 0.5, 0.98])
def test_verify_finds_one_flipped_bit_and_names_file_and_offset(daemon, place):
    number = daemon.begin()
    for index in range(50):
        daemon.post(number, [one(index, b'"%s"' % os.urandom(100).hex().encode())])
    assert daemon.stop() == 0
    (segment,) = (daemon.store / "log").glob("*.seg")
    data = bytearray(segment.read_bytes().rstrip(b"\0"))
    offset = int(len(data) * place)
    with segment.open("r+b") as file:
        file.seek(offset)
        file.write(bytes([data[offset] ^ 0x10]))
    said = out(daemon.reeld_store("verify", exit_code=FAILURE))
    found = re.search(rf"{segment.name}:(\d+): ", said)
    assert found and int(found[1]) <= offset, said
    assert "sound" not in said


def test_a_repair_that_may_not_write_says_so_and_changes_nothing(daemon):
    daemon.begin()
    assert daemon.stop() == 0
    daemon.process = None
    closed = [daemon.store / "log", daemon.store]
    for path in closed:
        if os.geteuid() == 0:
            # As root a command becomes the store's owner first.
            os.chown(path, 65534, 65534)
        path.chmod(0o500)
    before = sorted(path.name for path in daemon.store.rglob("*"))
    try:
        done = daemon.reeld_store("verify", "--repair", exit_code=DENIED)
    finally:
        for path in closed:
            path.chmod(0o700)
    assert b"run it as the user the store belongs to" in done.stderr
    assert sorted(path.name for path in daemon.store.rglob("*")) == before


def test_commands_that_need_the_store_alone_are_refused_beside_a_daemon(daemon):
    for words in (("index", "dump"), ("index", "rebuild")):
        assert b"daemon has this store open" in daemon.reeld_store(*words, exit_code=FAILURE).stderr


@pytest.mark.parametrize(
    "words, exit_code",
    [(["show", "99"], NOT_FOUND), (["cat", "99"], NOT_FOUND), (["end", "99"], NOT_FOUND), (["erase", "-y", "99"], NOT_FOUND),
     (["tail", "99"], NOT_FOUND), (["show", "../1"], USAGE), (["cat"], USAGE), (["cat", "1", "--type=nonsense"], USAGE),
     (["ls", "--nonsense"], USAGE), (["ls", "-n", "-1"], USAGE), (["import", "/nowhere"], FAILURE)],
)  # fmt: skip
def test_what_cannot_be_done_is_told_on_standard_error_with_its_exit_code(kept, words, exit_code):
    done = kept.reeld(*words, exit_code=exit_code)
    assert done.stdout == b"" and done.stderr.startswith(b"reeld")


def test_without_a_daemon_commands_say_where_they_looked(binary, tmp_path):
    command = [str(binary), "ls", f"--socket={tmp_path}/none"]
    done = subprocess.run(command, capture_output=True)
    assert done.returncode == UNREACHABLE and str(tmp_path).encode() in done.stderr


def test_every_command_has_its_help(binary):
    overview = subprocess.run([str(binary), "--help"], capture_output=True, check=True).stdout.decode()
    for command in ("serve", "ls", "show", "cat", "tail", "export", "import", "end", "erase", "stats", "vacuum", "verify",
                    "index dump", "index rebuild", "key generate", "key fingerprint", "config check",
                    "config show"):  # fmt: skip
        assert re.search(rf"^\s+(reeld )?{command}\b", overview, re.MULTILINE), command
        text = subprocess.run([str(binary), *command.split(), "--help"], capture_output=True, check=True).stdout
        assert f"reeld {command}".encode() in text


def test_config_check_and_show_agree_with_what_is_written(binary, tmp_path):
    file = tmp_path / "reeld.conf"

    def config(word, *options):
        return subprocess.run([str(binary), "config", word, f"--config={file}", *options], capture_output=True, text=True)

    file.write_text("[recording]\nlease = 45min\n")
    drop_ins = tmp_path / "reeld.conf.d"
    drop_ins.mkdir()
    (drop_ins / "10-local.conf").write_text("[store]\nsegment_size = 64M\n")
    assert config("check").returncode == 0
    shown = config("show").stdout
    assert re.search(r"^lease = 45min", shown, re.MULTILINE) and "segment_size = 64M" in shown
    assert str(drop_ins / "10-local.conf") in shown
    (drop_ins / "20-wrong.conf").write_text("[recording]\nlease = soon\n")
    done = config("check")
    assert done.returncode == USAGE
    assert "20-wrong.conf:2" in done.stderr and "recording.lease" in done.stderr and "30min" in done.stderr


def wait_for_log(daemon, text: str, from_offset: int = 0) -> str:
    deadline = time.monotonic() + 20
    while text not in daemon.log_text[from_offset:]:
        assert time.monotonic() < deadline, f"never logged: {text}"
        time.sleep(0.02)
    return next(line for line in daemon.log_text[from_offset:].splitlines() if text in line)


def test_sighup_applies_what_it_can_and_tells_what_needs_a_restart(daemon):
    daemon.configuration.write_text("[recording]\ngrace = 0s\n[store]\nsegment_size = 64M\n")
    daemon.signal(signal.SIGHUP)
    line = wait_for_log(daemon, "configuration read again")
    applied, waiting = line.split("needs a restart")
    assert "recording.grace" in applied and "store.segment_size: 128M -> 64M" in waiting
    # And it is applied.
    number = daemon.begin()
    daemon.reeld("end", str(number))
    assert daemon.post(number, some(1)).problem == "recording-ended"

    mark = len(daemon.log_text)
    daemon.configuration.write_text("[recording]\ngrace = soon\n")
    daemon.signal(signal.SIGHUP)
    assert "recording.grace" in wait_for_log(daemon, "not read again", mark)
    assert daemon.ask("GET", "/readyz").status == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_exits_0_and_leaves_a_clean_store(daemon, number):
    recording = daemon.begin()
    for index in range(10):
        daemon.post(recording, some(5, first=5 * index))
    daemon.signal(number)
    assert daemon.wait() == 0
    assert not daemon.socket.exists()
    assert "stopped" in daemon.log_text.splitlines()[-1]
    mark = len(daemon.log_text)
    daemon.start()
    # A clean stop leaves nothing to be read again, cut off or made anew.
    assert not re.search("taken into the index|cut off|rebuilt", daemon.log_text[mark:])
    assert daemon.show(recording)["events"] == 50
