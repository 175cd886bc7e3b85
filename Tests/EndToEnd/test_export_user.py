"""What a person may ask to have of himself: every recording of his, with a manifest and hashes."""

import gzip
import json
import subprocess
import threading

import pytest

FAILURE, USAGE, NOT_FOUND = 1, 2, 4


def event(text: str) -> bytes:
    return b'{"type":5,"timestamp":1700000000000,"data":{"tag":"t","payload":"%s"}}' % text.encode()


@pytest.fixture
def peopled(daemon):
    """Recordings 1 and 2 of zoe, 3 of max, 4 of zoe without an event."""
    for user, session, count in [("zoe", "a", 3), ("zoe", "b", 2), ("max", "a", 1), ("zoe", "a", 0)]:
        number = daemon.begin(user=user, session=session)
        if count:
            daemon.post(number, [event(f"{user} {number} {index}") for index in range(count)])
    daemon.reeld("end", "1")
    return daemon


def check_sums(directory):
    subprocess.run(["sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS"], cwd=directory, check=True)
    listed = {line.split("  ")[1] for line in (directory / "SHA256SUMS").read_text().splitlines()}
    assert listed | {"SHA256SUMS"} == {path.name for path in directory.iterdir()}


def test_all_of_a_user_and_nothing_else(peopled, tmp_path):
    directory = tmp_path / "zoe"
    told = peopled.reeld("export", "--user=zoe", str(directory)).stdout.decode()
    assert told.startswith("3 recordings of user=zoe exported to")
    check_sums(directory)
    manifest = json.loads((directory / "manifest.json").read_text())
    assert [one["number"] for one in manifest["recordings"]] == [1, 2, 4]
    assert manifest["counts"]["recordings"] == 3 and manifest["counts"]["events"] == 5
    assert manifest["selection"] == {"user": "zoe"} and manifest["not_exported"] == []
    for one in manifest["recordings"]:
        number = one["number"]
        assert gzip.decompress((directory / f"{number}.json.gz").read_bytes()) == peopled.events_text(number)
        metadata = json.loads((directory / f"{number}.metadata.json").read_text())
        assert metadata["user"] == "zoe" and metadata["id"] == one["id"] and metadata["events"] == one["events"]
        assert one["complete"] and [file["name"] for file in one["files"]] == [
            f"{number}.json.gz", f"{number}.metadata.json"]  # fmt: skip
    assert b"max" not in b"".join(path.read_bytes() for path in directory.glob("*.json"))
    assert directory.stat().st_mode & 0o777 == 0o700


def test_filters_must_all_hold_and_a_store_without_a_daemon_will_do(peopled, tmp_path):
    peopled.reeld("export", "--user=zoe", "--session=b", str(tmp_path / "one"))
    assert [one["number"] for one in json.loads((tmp_path / "one/manifest.json").read_text())["recordings"]] == [2]
    peopled.reeld("export", "--user=zoe", "--before=1h", str(tmp_path / "none"), exit_code=NOT_FOUND)
    assert not (tmp_path / "none").exists()
    assert peopled.stop() == 0
    peopled.process = None
    peopled.reeld_store("export", "--user=zoe", str(tmp_path / "two"))
    check_sums(tmp_path / "two")


def test_a_directory_with_something_in_it_is_left_alone(peopled, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").write_text("mine")
    peopled.reeld("export", "--user=zoe", str(tmp_path / "full"), exit_code=FAILURE)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]
    (tmp_path / "empty").mkdir()
    peopled.reeld("export", "--user=zoe", str(tmp_path / "empty"))
    check_sums(tmp_path / "empty")
    peopled.reeld("export", "--user=zoe", str(tmp_path / "full/mine"), exit_code=FAILURE)
    peopled.reeld("export", "--user=zoe", str(tmp_path / "nowhere/x"), exit_code=FAILURE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "full"]


@pytest.mark.parametrize(
    "words",
    [["--user=", "x"], ["--user=zoe"], ["--user=zoe", "x", "y"], ["--user=zoe", "--format=json", "x"],
     ["--before=1d", "x"], ["--user=zoe", "--before=someday", "x"]],
)  # fmt: skip
def test_what_is_not_meant_makes_nothing(peopled, words, tmp_path):
    words = [str(tmp_path / word) if len(word) == 1 else word for word in words]
    peopled.reeld("export", *words, exit_code=USAGE)
    assert list(tmp_path.iterdir()) == []


def test_damage_is_told_and_the_rest_is_there(peopled, tmp_path):
    assert peopled.stop() == 0
    peopled.process = None
    segment = next((peopled.store / "log").iterdir())
    data = bytearray(segment.read_bytes())
    # The first batch of recording 2: its header tells what it holds, its payload is what is damaged.
    place = data.index(b"RLF1\x03", data.index(b"RLF1\x03") + 1) + 192 + 20
    data[place] ^= 0xFF
    segment.write_bytes(data)
    peopled.start()
    directory = tmp_path / "zoe"
    told = peopled.reeld("export", "--user=zoe", str(directory), exit_code=FAILURE)
    assert "3 recordings" in told.stdout.decode()
    check_sums(directory)
    ones = {one["number"]: one for one in json.loads((directory / "manifest.json").read_text())["recordings"]}
    assert ones[1]["complete"] and not ones[2]["complete"] and ones[2]["missing"]
    assert json.loads(gzip.decompress((directory / "2.json.gz").read_bytes())) == []


def test_what_is_erased_meanwhile_is_listed_as_not_exported(peopled, tmp_path):
    for _ in range(400):
        peopled.begin(user="zoe")
    thread = threading.Thread(target=lambda: peopled.ask("POST", "/v1/erase", json.dumps({"user": "zoe"})))
    thread.start()
    done = subprocess.run(
        [str(peopled.binary), "export", "--user=zoe", str(tmp_path / "zoe"), f"--socket={peopled.socket}"],
        capture_output=True, timeout=120,
    )  # fmt: skip
    thread.join()
    # How far it came is the machine's: either it found some, and each is there or told, or none.
    assert done.returncode in (0, NOT_FOUND), done.stderr
    if done.returncode == 0:
        check_sums(tmp_path / "zoe")
        manifest = json.loads((tmp_path / "zoe/manifest.json").read_text())
        assert all("erased" in one["reason"] for one in manifest["not_exported"])
