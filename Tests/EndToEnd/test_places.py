"""Starting where it must not: each is refused with an exit code and words that say what to do, and nothing is touched."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from events import some

SUCCESS, FAILURE, USAGE, DENIED = 0, 1, 2, 5
NOBODY = 65534


def refused(daemon, *options, exit_code, user=None) -> str:
    """Tries to start, and sees it refused; what it said."""
    done = subprocess.run(daemon.command(*options), capture_output=True, timeout=30, user=user, cwd="/")
    said = done.stderr.decode()
    assert done.returncode == exit_code, said
    assert any(line.startswith("reeld serve: ") for line in said.splitlines()), said
    return said


def tree(directory: Path) -> dict[str, bytes]:
    """Every file below, with what it holds."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else b""
        for path in sorted(directory.rglob("*"))
        if not path.is_socket()
    }


def test_a_second_daemon_on_the_same_store_is_refused_and_the_first_goes_on(household):
    first, second = household.start(), household.prepare()
    number = first.begin()
    second.store = first.store
    said = refused(second, exit_code=FAILURE)
    assert str(first.store) in said and "--store" in said
    assert not second.socket.exists()
    assert first.post(number, some(3)).status == 201


def test_a_second_daemon_on_the_same_socket_is_refused_and_the_first_keeps_it(household):
    first, second = household.start(), household.prepare()
    second.socket = first.socket
    said = refused(second, exit_code=FAILURE)
    assert str(first.socket) in said and "--socket" in said
    assert first.ask("GET", "/readyz").status == 200


def test_a_socket_left_behind_by_a_crash_is_replaced(household):
    daemon = household.start()
    daemon.kill()
    assert daemon.socket.exists()
    daemon.start()
    assert daemon.stop() == 0
    assert not daemon.socket.exists()


def test_a_file_in_the_place_of_the_socket_is_left_alone(household):
    daemon = household.prepare()
    daemon.socket.write_text("precious")
    refused(daemon, exit_code=FAILURE)
    assert daemon.socket.read_text() == "precious"


def test_a_tcp_port_that_is_taken_is_refused(household):
    daemon = household.prepare()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refused(daemon, f"--listen=127.0.0.1:{port}", exit_code=FAILURE)
    assert str(port) in said and "--listen" in said
    assert not daemon.socket.exists()


@pytest.mark.parametrize("address", ["0.0.0.0:7335", "192.0.2.1:7335", "[::]:7335", "example.org:7335", ":7335"])
def test_an_address_that_is_not_loopback_is_refused_with_the_reason(household, address):
    daemon = household.prepare()
    said = refused(daemon, f"--listen={address}", exit_code=USAGE)
    assert "--listen" in said and "127.0.0.1" in said
    assert not daemon.store.exists()


def test_a_directory_with_other_files_is_left_as_it_is(household):
    daemon = household.prepare()
    daemon.store.mkdir()
    (daemon.store / "thesis.txt").write_text("do not touch")
    before = tree(daemon.store)
    said = refused(daemon, exit_code=FAILURE)
    assert str(daemon.store) in said and "no store" in said
    assert tree(daemon.store) == before


def test_a_store_in_a_missing_directory_is_refused(household):
    daemon = household.prepare()
    daemon.store = daemon.home / "missing" / "store"
    assert str(daemon.store) in refused(daemon, exit_code=FAILURE)
    assert not daemon.store.parent.exists()


def test_a_file_in_the_place_of_the_store_is_refused(household):
    daemon = household.prepare()
    daemon.store.write_text("a file")
    refused(daemon, exit_code=FAILURE)
    assert daemon.store.read_text() == "a file"


@pytest.mark.parametrize("damage", [b"", b"garbage", bytes(512)])
def test_a_store_whose_identity_is_damaged_is_not_opened_and_not_made_anew(household, damage):
    daemon = household.start()
    daemon.post(daemon.begin(), some(3))
    assert daemon.stop() == 0
    sound = (daemon.store / "store").read_bytes()
    (daemon.store / "store").write_bytes(damage)
    (daemon.store / "keys" / "store").write_bytes(damage)
    before = tree(daemon.store)
    assert str(daemon.store) in refused(daemon, exit_code=FAILURE)
    assert tree(daemon.store) == before
    # With one sound copy it goes on.
    (daemon.store / "keys" / "store").write_bytes(sound)
    daemon.start()
    assert (daemon.store / "store").read_bytes() == sound
    assert "made anew from its copy" in daemon.log_text


def as_nobody(household):
    """A daemon that another user could start: root may write everywhere, and proves nothing."""
    if os.geteuid() != 0:
        return household.prepare(), None
    daemon = household.prepare()
    daemon.home.chmod(0o755)
    program = daemon.home / "reeld"
    shutil.copy(daemon.binary, program)
    daemon.binary = program
    daemon.socket = Path("/tmp") / f"{daemon.home.name}.sock"
    return daemon, NOBODY


def test_a_directory_that_may_not_be_written_is_refused(household):
    daemon, user = as_nobody(household)
    daemon.home.chmod(0o555)
    try:
        said = refused(daemon, exit_code=DENIED, user=user)
    finally:
        daemon.home.chmod(0o755)
    assert str(daemon.store) in said
    assert not daemon.store.exists() and not daemon.socket.exists()


def test_the_store_of_another_user_is_refused(household):
    if os.geteuid() != 0:
        pytest.skip("needs root, to have a store of somebody else")
    daemon = household.prepare()
    daemon.store.mkdir(mode=0o700)
    os.chown(daemon.store, NOBODY, NOBODY)
    said = refused(daemon, exit_code=DENIED)
    assert str(NOBODY) in said and str(daemon.store) in said
    assert tree(daemon.store) == {}


def test_a_read_only_file_system_is_refused_and_what_is_on_it_can_be_verified(household):
    daemon = household.start()
    number = daemon.begin()
    assert daemon.post(number, some(3)).status == 201
    assert daemon.stop() == 0
    before = tree(daemon.store)
    mounted = subprocess.run(["mount", "--bind", str(daemon.store), str(daemon.store)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount: {mounted.stderr.decode().strip()}")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(daemon.store)], check=True)
        assert str(daemon.store) in refused(daemon, exit_code=DENIED)
        assert b"sound" in daemon.reeld_store("verify").stdout
    finally:
        subprocess.run(["umount", str(daemon.store)], check=True)
    assert tree(daemon.store) == before
    daemon.start()
    assert daemon.show(number)["events"] == 3


@pytest.mark.parametrize(
    "configuration, said",
    [("[server]\nlisten = 0.0.0.0:80\n", "server.listen"), ("[store]\nsegment_size = huge\n", "store.segment_size"),
     ("[store]\nsegmentsize = 1M\n", "segment_size"), ("directory = /x\n", "reeld.conf:1"), ("[nonsense]\nx=1\n", "nonsense")],
)  # fmt: skip
def test_a_wrong_configuration_names_file_line_and_key(household, configuration, said):
    daemon = household.prepare(configuration=configuration)
    words = refused(daemon, exit_code=USAGE)
    assert said in words and f"{daemon.configuration}:" in words
    assert not daemon.store.exists()
