"""An apt repository of our own: apt installs and upgrades from it, and takes nothing whose signature is not right."""

import shutil
from pathlib import Path

from machine import add_user, events, install, record, run, step

KEY = Path("/etc/apt/keyrings/reeld.asc")
SOURCES = Path("/etc/apt/sources.list.d/reeld.sources")
REPOSITORY = Path("/srv/repository")
# Debian's own lists are there, and there is no network to ask for newer ones.
ONLY_OURS = ["-o", f"Dir::Etc::sourcelist={SOURCES}", "-o", "Dir::Etc::sourceparts=-", "-o",
             "APT::Get::List-Cleanup=0"]  # fmt: skip


def serve(name: str):
    """Puts one of the payload's repositories where the sources say."""
    shutil.rmtree(REPOSITORY, ignore_errors=True)
    shutil.copytree(f"/payload/{name}", REPOSITORY)
    run("chmod", "-R", "a+rX", str(REPOSITORY))


def update(exit_code: int | None = 0) -> str:
    return run("apt-get", *ONLY_OURS, "update", exit_code=exit_code)


def installed() -> str:
    return run("dpkg-query", "-W", "-f", "${Version}", "reeld")


with step("its sources file and its key are all that apt needs"):
    serve("repository")
    KEY.parent.mkdir(exist_ok=True)
    shutil.copy(REPOSITORY / "reeld.asc", KEY)
    shutil.copy(REPOSITORY / "reeld.sources", SOURCES)
    assert f"URIs: file:{REPOSITORY}" in SOURCES.read_text()
    told = update()
    assert "W:" not in told and "E:" not in told, told
    install("reeld")
    before = installed()
    assert not before.endswith("+later")

with step("what it installed runs"):
    add_user("agent", "reeld-ingest")
    record("agent")
    sent = events(1)

with step("a later version beside it is an upgrade, and the recording stays"):
    serve("repository-later")
    update()
    assert f"{before}+later" in run("apt-get", "--dry-run", "dist-upgrade")
    install("reeld")
    assert installed() == f"{before}+later"
    assert events(1) == sent

with step("the version before is still to be had"):
    offered = [line.split("|")[1].strip() for line in run("apt-cache", "madison", "reeld").splitlines()]
    assert offered == [f"{before}+later", before], offered

with step("lists that were changed after signing are refused"):
    packages = REPOSITORY / "dists/stable/main/binary-amd64/Packages"
    run("apt-get", "-y", "purge", "reeld")
    shutil.rmtree("/var/lib/apt/lists/partial", ignore_errors=True)
    for old in Path("/var/lib/apt/lists").glob("*repository*"):
        old.unlink()
    packages.write_text(packages.read_text().replace("Architecture: amd64", "Architecture: all"))
    (packages.parent / "Packages.gz").unlink()
    told = update(exit_code=100)
    assert "Hash Sum mismatch" in told or "unexpected size" in told, told

with step("a package that was changed is refused"):
    serve("repository")
    update()
    package = next((REPOSITORY / "pool").glob("*.deb"))
    package.write_bytes(package.read_bytes()[:-1] + b"\0")
    for old in Path("/var/cache/apt/archives").glob("reeld_*"):
        old.unlink()
    told = run("apt-get", "-y", "--no-install-recommends", "install", "reeld", exit_code=100)
    assert "Hash Sum mismatch" in told or "unexpected size" in told, told

with step("lists without a signature, or with another's, are refused"):
    serve("repository")
    (REPOSITORY / "dists/stable/InRelease").unlink()
    (REPOSITORY / "dists/stable/Release.gpg").unlink()
    for old in Path("/var/lib/apt/lists").glob("*repository*"):
        old.unlink()
    assert "is not signed" in update(exit_code=100)
    serve("repository")
    shutil.copy("/usr/share/keyrings/debian-archive-keyring.gpg", KEY.with_suffix(".gpg"))
    SOURCES.write_text(SOURCES.read_text().replace("reeld.asc", "reeld.gpg"))
    told = update(exit_code=100)
    assert "NO_PUBKEY" in told or "is not signed" in told or "Missing key" in told, told
