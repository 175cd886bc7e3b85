"""Removing and purging keep the recordings and their key, and say so; a new installation has them again."""

from pathlib import Path

from machine import CREDENTIAL, PACKAGE, SOCKET, events, install, is_up, record, run, step, unit

install()
record()
before = events(1)

with step("removing stops it, keeps the recordings, and says so"):
    told = run("apt-get", "-y", "remove", "reeld")
    assert "kept the recordings and their key: /var/lib/reeld" in told and str(CREDENTIAL) in told
    assert not Path(SOCKET).exists() and not Path("/usr/bin/reeld").exists()
    assert Path("/var/lib/reeld/store").exists() and CREDENTIAL.exists()
    assert Path("/etc/reeld/reeld.conf").exists()

with step("installing again over them serves them again"):
    install()
    assert is_up() and events(1) == before

with step("purging keeps them too, says so, and how to remove them"):
    told = run("apt-get", "-y", "purge", "reeld")
    assert "rm -rf /var/lib/reeld" in told
    assert Path("/var/lib/reeld/store").exists() and CREDENTIAL.exists()
    assert not Path("/etc/reeld/reeld.conf").exists()

with step("installing after a purge serves them again, with the key there was"):
    key = CREDENTIAL.read_bytes()
    install()
    assert is_up() and events(1) == before and CREDENTIAL.read_bytes() == key

with step("once they are removed by hand, the next installation begins with a store and a key of its own"):
    run("apt-get", "-y", "purge", "reeld")
    run("rm", "-rf", "/var/lib/reeld", str(CREDENTIAL))
    told = run("dpkg", "--purge", "reeld", exit_code=None)
    assert "kept" not in told
    install(PACKAGE)
    assert is_up() and CREDENTIAL.read_bytes() != key
    record()
    assert len(events(1)) == len(before) and unit("NRestarts") == "0"
