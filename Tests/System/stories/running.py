"""A daemon that runs: reloads, kills, stalls, a watchdog that is fed by the thread that writes."""

import re
import shutil
import subprocess
import threading
from pathlib import Path

from machine import add_user, ask, events, install, is_up, journal, journal_text, message_id, record, run, step, unit, \
    until

DROP_IN = Path("/etc/reeld/reeld.conf.d/10-test.conf")


def process() -> int:
    return int(unit("MainPID"))


install()
record()
before = events(1)

with step("a reload applies what can be applied, in the same process"):
    pid = process()
    DROP_IN.write_text("[recording]\nlease = 7min\n")
    run("systemctl", "reload", "reeld")
    until("the reload is told", lambda: "applied recording.lease: 30min -> 7min" in journal_text())
    assert process() == pid and is_up()

with step("a broken configuration fails the reload by file and line, and the process goes on"):
    DROP_IN.write_text("[recording]\nlease = 7min\nlaese = 1min\n")
    run("systemctl", "reload", "reeld", exit_code=1)
    assert f"{DROP_IN}:3: recording.laese: no such key" in journal_text()
    assert f"{DROP_IN}:3" in run("reeld", "config", "check", exit_code=2)
    assert process() == pid and ask("GET", "/readyz")[0] == 200

with step("a SIGHUP from elsewhere meets the same mistake, tells it, and changes nothing"):
    run("kill", "-HUP", str(pid))
    refusal = message_id("The configuration of reeld is wrong and was not taken over")
    until("the refusal is told", lambda: journal(f"MESSAGE_ID={refusal}"))
    assert process() == pid and is_up()
    DROP_IN.unlink()

with step("after kill -9 systemd starts it again, and nothing is lost"):
    run("systemctl", "kill", "--signal=KILL", "reeld")
    until("another process runs", lambda: process() not in (0, pid) and is_up())
    assert unit("NRestarts") == "1" and events(1) == before
    record(name="navigation.json")
    navigation = events(2)

with step("the watchdog is fed while nothing happens"):
    drop_in = Path("/run/systemd/system/reeld.service.d/watchdog.conf")
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text("[Service]\nWatchdogSec=2s\n")
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "reeld")
    assert unit("WatchdogUSec") == "2s"
    restarts = unit("NRestarts")
    seen = set()
    until("five beats", lambda: seen.add(unit("WatchdogTimestampMonotonic")) or len(seen) > 5)
    assert unit("NRestarts") == restarts and is_up()

with step("a writer's thread that hangs in its sync gets the daemon killed and started again, though the rest answers"):
    pid = process()
    (writer,) = [task.name for task in Path(f"/proc/{pid}/task").iterdir()
                 if (task / "comm").read_text().strip() == "reel-writer"]  # fmt: skip
    # The thread, and no other, sleeps for 15 s before each fdatasync.
    tracer = subprocess.Popen(["strace", "-p", writer, "-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=15s"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # fmt: skip
    assert "attached" in tracer.stderr.readline().decode()
    waiting = threading.Thread(target=lambda: run("reeld", "import", "/payload/recordings/scrolling.ndjson", exit_code=None))
    waiting.start()
    assert ask("GET", "/healthz")[0] == 200
    until("the watchdog bites", lambda: "Watchdog timeout (limit 2s)!" in journal_text())
    until("another process runs", lambda: process() not in (0, pid) and is_up())
    tracer.kill()
    waiting.join()
    assert events(1) == before and events(2) == navigation

with step("a stop and a start lose nothing"):
    run("systemctl", "stop", "reeld.service")
    assert re.search(r"^stopped$", journal_text(), re.M)
    run("systemctl", "start", "reeld.service")
    assert events(1) == before

with step("its figures reach Prometheus' node exporter as a file, from a user who sees no recording"):
    examples = Path("/usr/share/doc/reeld/examples/monitoring")
    written = Path("/var/lib/prometheus/node-exporter/reeld.prom")
    add_user("prometheus")
    written.parent.mkdir(parents=True)
    shutil.chown(written.parent, "prometheus")
    for name in ("reeld-metrics.service", "reeld-metrics.timer"):
        shutil.copy(examples / name, "/etc/systemd/system")
        run("systemd-analyze", "verify", f"/etc/systemd/system/{name}")
    run("systemctl", "daemon-reload")
    run("systemctl", "start", "reeld-metrics.service")
    assert re.search(r"^reeld_recordings [1-9]", written.read_text(), re.M) and written.owner() == "prometheus"
    assert [path.name for path in written.parent.iterdir()] == [written.name]
