"""What an admin gets wrong, and what a machine does to him: each is told with its cure, and costs nothing."""

import json
import os
import socket
from pathlib import Path

from machine import CREDENTIAL, SOCKET, STORE, ask, events, install, is_up, journal_text, record, run, step, \
    store_of_newer_version, unit, until

DROP_IN = Path("/etc/reeld/reeld.conf.d/10-test.conf")


def start_fails(result: str = "exit-code") -> str:
    """Starts the service, waits until systemd has given up, and gives what the journal got of it."""
    cursor = len(journal_text())
    run("systemctl", "stop", "reeld.service", "reeld.socket")
    run("systemctl", "reset-failed", "reeld.service", "reeld.socket", exit_code=None)
    run("systemctl", "start", "reeld.service", exit_code=1)
    until("systemd gives up", lambda: unit("ActiveState") == "failed")
    assert unit("Result") == result, unit("Result")
    return journal_text()[cursor:]


def start_works():
    run("systemctl", "reset-failed", "reeld.service", "reeld.socket", exit_code=None)
    run("systemctl", "start", "reeld.service")
    assert is_up()


def large_batch() -> bytes:
    """A megabyte that cannot be made smaller."""
    return json.dumps([{"type": 3, "data": {"text": os.urandom(500_000).hex()}, "timestamp": 1_700_000_000_000}]).encode()


def is_refused_for_room() -> bool:
    """Starts a recording with a large batch: what little room a file system keeps is soon gone."""
    status, body = ask("POST", "/v1/recordings", b"{}")
    if status == 201:
        status, body = ask("POST", f"/v1/recordings/{json.loads(body)['number']}/events", large_batch())
    assert status in (201, 507), (status, body)
    return status == 507


install()
record()
before = events(1)

with step("a broken configuration is refused by file and line, and not tried again and again"):
    DROP_IN.write_text("[server]\nlisten = 0.0.0.0:80\n")
    told = start_fails()
    assert f"{DROP_IN}:2: server.listen: '0.0.0.0:80' is not this machine's loopback address" in told
    assert unit("ExecMainStatus") == "2" and unit("NRestarts") == "0"
    DROP_IN.unlink()
    start_works()

with step("a port in use is told with its cure, and TCP is served once it is free"):
    DROP_IN.write_text("[server]\nlisten = 127.0.0.1:7335\n")
    with socket.create_server(("127.0.0.1", 7335)):
        told = start_fails()
        assert "127.0.0.1:7335: Address already in use; another program uses that port" in told, told
    start_works()
    assert unit("StatusText") == f"serving {SOCKET} and http://127.0.0.1:7335"
    token = (STORE / "read.token").read_text().strip()
    fetch = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:7335/v1/recordings"]
    assert run(*fetch) == "401" and run(*fetch, "-H", f"Authorization: Bearer {token}") == "200"
    DROP_IN.unlink()

with step("a port of the socket unit is taken over from it"):
    run("systemctl", "stop", "reeld.service", "reeld.socket")
    drop_in = Path("/run/systemd/system/reeld.socket.d/tcp.conf")
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text("[Socket]\nListenStream=127.0.0.1:7336\n")
    run("systemctl", "daemon-reload")
    start_works()
    assert unit("StatusText") == f"serving {SOCKET} and http://127.0.0.1:7336"
    assert run("curl", "-sS", "http://127.0.0.1:7336/readyz").startswith('{"status":"ready"')
    drop_in.unlink()
    run("systemctl", "stop", "reeld.service", "reeld.socket")
    run("systemctl", "daemon-reload")
    start_works()

with step("without its key the store is not opened, and gets no other one"):
    key = CREDENTIAL.read_bytes()
    CREDENTIAL.unlink()
    told = start_fails()
    assert "the store's key: /etc/reeld/store.key: there is no such file; put the key back from its backup" in told, told
    assert not CREDENTIAL.exists() and not Path("/etc/reeld/store.key").exists()

with step("another store's key is told by its fingerprint, and changes nothing"):
    run("reeld", "key", "generate", "/root/other.key")
    run("systemd-creds", "encrypt", "--name=reeld.key", "/root/other.key", str(CREDENTIAL))
    told = start_fails()
    assert run("reeld", "key", "fingerprint", "/root/other.key").strip() in told, told
    CREDENTIAL.write_bytes(key)
    start_works()
    assert events(1) == before

with step("a key in a file of the daemon's own serves as well as a credential"):
    run("systemctl", "stop", "reeld.service", "reeld.socket")
    plain = run("systemd-creds", "decrypt", "--name=reeld.key", str(CREDENTIAL), "-")
    CREDENTIAL.rename("/root/credential")
    run("install", "-o", "reeld", "-m", "400", "/dev/stdin", "/etc/reeld/store.key", stdin=plain.encode())
    start_works()
    assert events(1) == before
    run("systemctl", "stop", "reeld.service", "reeld.socket")
    Path("/etc/reeld/store.key").unlink()
    Path("/root/credential").rename(CREDENTIAL)

with step("a store from a newer version is not opened, and not touched"):
    with store_of_newer_version():
        told = start_fails()
        assert "format version 2 is newer than this program; upgrade reeld" in told, told
    start_works()
    assert events(1) == before

with step("on a file system without room the daemon says so, and serves what is there"):
    run("systemctl", "stop", "reeld.service", "reeld.socket")
    Path("/mnt/small").mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=32M,mode=700,uid=reeld,gid=reeld", "tmpfs", "/mnt/small")
    run("sh", "-c", "tar -C /var/lib/reeld --exclude=./reserve -cf - . | tar -C /mnt/small -xf -")
    run("sh", "-c", "cat /dev/zero > /mnt/small/filler", exit_code=1)
    run("mount", "--bind", "/mnt/small", str(STORE))
    start_works()
    assert events(1) == before
    until("a writer is refused", is_refused_for_room)
    (STORE / "filler").unlink()
    until("there is room again", lambda: ask("POST", "/v1/recordings", b"{}")[0] == 201)
    assert events(1) == before
