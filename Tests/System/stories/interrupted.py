"""An installation that breaks in the middle: no room, killed, not configured. What was recorded stays, and the cure works."""

import re
from pathlib import Path

from machine import LATER, PACKAGE, STORE, events, install, is_up, record, run, step, unit, until

DOCUMENTS = Path("/usr/share/doc/reeld")


def cannot_be_installed(package: str, why: str):
    told = run("apt-get", "-y", "--no-install-recommends", "install", package, exit_code=100)
    assert why in told, told


def full(directory: Path):
    """Puts a file system there that has no room for what the package has."""
    directory.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(directory))


def version() -> str:
    return run("dpkg-query", "-W", "-f", "${Version} ${db:Status-Status}", "reeld")


with step("without room for the program apt says so, and with room again it installs"):
    full(DOCUMENTS)
    cannot_be_installed(PACKAGE, "No space left on device")
    run("umount", str(DOCUMENTS))
    install()
    assert is_up()
    run("apt-get", "-y", "purge", "reeld")
    run("rm", "-rf", str(STORE))

with step("without room for the store the program is installed, and says why it does not run"):
    run("mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", "/var/lib/private")
    STORE.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(STORE))
    install()
    until("systemd gives up", lambda: unit("ActiveState") == "failed")
    told = run("journalctl", "-t", "reeld", "--no-pager")
    assert re.search("(?i)no space left on device|there is no room|disk is full", told), told
    run("umount", str(STORE))
    run("systemctl", "reset-failed", "reeld.service", "reeld.socket", exit_code=None)
    run("systemctl", "restart", "reeld.socket")
    run("systemctl", "start", "reeld.service")
    record()
    before = events(1)

with step("an upgrade without room leaves the version before at work"):
    was = version()
    run("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(DOCUMENTS))
    cannot_be_installed(LATER, "No space left on device")
    assert version() == was and is_up() and events(1) == before
    run("umount", str(DOCUMENTS))

with step("an upgrade that is killed while files change is finished by the next"):
    # At the eighth file that dpkg puts in place.
    run("strace", "-f", "-o", "/dev/null", "-e", "trace=rename", "-e", "inject=rename:signal=KILL:when=8", "dpkg",
        "--force-confold", "--install", LATER, exit_code=None)  # fmt: skip
    assert not version().endswith(" installed"), version()
    assert events(1) == before
    # As apt tells whoever comes next; it ends with an error where the package was only half there.
    run("dpkg", "--configure", "-a", exit_code=None)
    install(LATER)
    assert version() == was.replace(" ", "+later ") and is_up() and events(1) == before

with step("a version that is unpacked and not configured records, and is configured later"):
    run("dpkg", "--force-confold", "--force-downgrade", "--unpack", PACKAGE)
    assert version().endswith(" unpacked")
    assert events(1) == before
    run("systemctl", "restart", "reeld.service")
    record(name="navigation.json")
    assert events(2)
    run("dpkg", "--force-confold", "--configure", "reeld")
    assert version() == was and is_up() and events(1) == before
