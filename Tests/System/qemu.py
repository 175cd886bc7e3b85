"""A machine that boots by itself, under qemu: its disks, its boots, its plug. Runs on the host, as root."""

import shutil
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
MEMORY_MEGABYTES = 2048
# The second line leaves out what an emulated processor is busy with for long; with the third a loaded host is no
# failure: not a timer that comes late in the kernel's check, nor a unit that starts slowly.
KERNEL_COMMAND_LINE = ("console=ttyS0 root=LABEL=root rw quiet panic=-1 "
                       "mitigations=off edd=off audit=0 module_blacklist=ata_piix,kvm,kvm_amd,pcspkr "
                       "no_timer_check systemd.default_timeout_start_sec=1800")  # fmt: skip
# Far beyond what a loaded machine needs: time decides nothing.
PATIENCE_SECONDS = 1800


class Boot:
    """A machine that runs."""

    def __init__(self, process: subprocess.Popen, work: Path):
        self.process = process
        self.work = work

    def told(self) -> list[str]:
        """The lines that the story wrote to its port until now, without one that is not whole yet."""
        return (self.work / "heard").read_text(errors="replace").split("\n")[:-1]

    def until(self, what: str, condition):
        """Waits for a condition of what was told; fails where the machine ends before."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition(self.told()):
            assert self.process.poll() is None, f"the machine ended before {what}\n{self.last_words()}"
            assert time.monotonic() < deadline, f"not in {PATIENCE_SECONDS} s: {what}\n{self.last_words()}"
            time.sleep(0.02)

    def pull_the_plug(self):
        """kill -9: what the machine did not hand to its disks is gone."""
        self.process.kill()
        self.process.wait()

    def wait(self):
        """Waits until the machine switches itself off."""
        try:
            code = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.pull_the_plug()
            raise AssertionError(f"the machine still runs after {PATIENCE_SECONDS} s\n{self.last_words()}") from None
        assert code == 0, f"qemu ended with {code}\n{self.last_words()}"

    def last_words(self) -> str:
        story = subprocess.run(["debugfs", "-R", "cat /told", str(self.work / "results.img")], capture_output=True)
        words = {"story": story.stdout.decode(errors="replace")}
        words |= {name: (self.work / name).read_text(errors="replace") for name in ("qemu", "console")}
        return "".join(f"--- {name}\n{text[-3000:]}\n" for name, text in words.items())


class Machine:
    """A machine with a disk of its own, which stays from boot to boot.

    disk: the directory that make-disk made. work: an empty directory for everything of this machine.
    """

    def __init__(self, disk: Path, work: Path):
        self.disk = disk
        self.work = work
        run("qemu-img", "create", "-q", "-f", "qcow2", "-b", str((disk / "disk.img").resolve()), "-F", "raw",
            str(work / "root.qcow2"))  # fmt: skip
        run("mke2fs", "-q", "-t", "ext4", "-L", "results", str(work / "results.img"), "64M")

    def give(self, story: str, files: dict[str, Path | bytes]):
        """Says what the next boots do: `story` is a file of this directory; `files` lie beside it under their names."""
        payload = self.work / "payload"
        shutil.rmtree(payload, ignore_errors=True)
        shutil.copytree(HERE, payload, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(HERE.parent / "Recordings", payload / "recordings")
        shutil.copy(HERE.parents[1] / "README.md", payload)
        (payload / "story").write_text(story)
        for name, content in files.items():
            if isinstance(content, bytes):
                (payload / name).write_bytes(content)
            else:
                shutil.copy(content, payload / name)
        image = self.work / "payload.img"
        image.unlink(missing_ok=True)
        run("mke2fs", "-q", "-t", "ext4", "-L", "payload", "-d", str(payload), str(image), "64M")

    def boot(self, *options: str, clock: str = "utc") -> Boot:
        """Switches it on, with more of qemu's options.

        clock: the date its own clock has, as 1970-01-02, or utc.
        """
        heard = self.work / "heard"
        heard.write_bytes(b"")
        command = [
            # It ends with whoever started it.
            "setpriv", "--pdeathsig", "KILL", "--",
            "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "qemu64", "-smp", "2",
            "-m", str(MEMORY_MEGABYTES), "-nodefaults", "-display", "none", "-no-reboot", "-rtc", f"base={clock}",
            "-serial", f"file:{self.work / 'console'}", "-device", "virtio-rng-pci",
            "-kernel", str(self.disk / "vmlinuz"), "-initrd", str(self.disk / "initrd"),
            "-append", KERNEL_COMMAND_LINE,
            # The host's page cache keeps what was written to a disk, and a plug pulled here does not reach that.
            *drive("root", self.work / "root.qcow2", "qcow2"), *drive("payload", self.work / "payload.img"),
            *drive("results", self.work / "results.img"),
            "-device", "virtio-serial-pci", "-chardev", f"file,id=told,path={heard}",
            "-device", "virtserialport,chardev=told,name=told", *options,
        ]  # fmt: skip
        with (self.work / "qemu").open("wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return Boot(process, self.work)

    def results(self, to: Path):
        """Copies what the story left in /results: told, exit-code, journal."""
        to.mkdir(parents=True, exist_ok=True)
        run("debugfs", "-R", f"rdump / {to}", str(self.work / "results.img"))
        shutil.copy(self.work / "console", to / "console")


def results_of(name: str) -> Path:
    """An empty place for what the machines of a test wrote."""
    place = HERE.parents[1] / ".build" / "system" / "results" / f"machine-{name}"
    shutil.rmtree(place, ignore_errors=True)
    return place


def drive(name: str, image: Path, form: str = "raw", interface: str = "virtio") -> list[str]:
    """A disk of the machine's."""
    return ["-drive", f"id={name},file={image},format={form},if={interface},cache=writeback"]


def run(*command: str):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
