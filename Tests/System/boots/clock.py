"""A machine whose clock has lost the year, and finds it again, and loses it: nothing is removed for that."""

import json
import time
from pathlib import Path

from machine import ask, events, install, is_up, journal_text, record, run, step, until

FIRST_DAY = 86_400
# When the machine was switched on, by the host's clock.
RIGHT = float(Path("/payload/now").read_text())
YEAR = time.gmtime(RIGHT).tm_year
# What systemd-timesyncd leaves once it has set the clock; without it no clock is trusted for a day.
MARK = Path("/run/systemd/timesync/synchronized")
SETTINGS = Path("/etc/reeld/reeld.conf.d/10-test.conf")


def set_clock(seconds: float):
    time.clock_settime(time.CLOCK_REALTIME, seconds)


def shown(number: int) -> dict:
    status, body = ask("GET", f"/v1/recordings/{number}")
    assert status == 200, (status, body)
    return json.loads(body)


def figures() -> dict:
    status, body = ask("GET", "/v1/store")
    assert status == 200, body
    return json.loads(body)


def what_retention_waits_for() -> str:
    """What it makes of the clock now, and not within ten minutes: with other settings it looks at once."""
    before = figures().get("retention_checked")
    days = 91 if SETTINGS.exists() and "90d" in SETTINGS.read_text() else 90
    SETTINGS.write_text(f"[retention]\nmax_age = {days}d\nproject_max_age = other:{days}d\n")
    run("systemctl", "reload", "reeld")
    until("retention has looked", lambda: figures().get("retention_checked") != before)
    return figures()["retention_waits"]


# systemd itself sets a clock of 1970 to the day it was built, which is years off as well.
print(f"the clock the machine booted with: {time.strftime('%Y-%m-%d', time.gmtime())}")
assert time.time() < RIGHT - 30 * FIRST_DAY

with step("in 1970 the daemon starts, records, and says that it removes nothing by this clock"):
    set_clock(FIRST_DAY)
    install()
    assert is_up()
    record()
    assert shown(1)["created"].startswith("1970-01-02") and shown(1)["status"] == "ended"
    assert "the clock is not synchronised" in what_retention_waits_for()
    assert "Nothing is removed by age: the clock is not synchronised" in journal_text()

with step("the clock jumps right: what it recorded looks decades old, and waits for an admin's word"):
    before = events(1)
    set_clock(RIGHT)
    MARK.parent.mkdir(parents=True, exist_ok=True)
    MARK.touch()
    waits = what_retention_waits_for()
    assert "the clock moved by" in waits and "reeld vacuum --confirm" in waits, waits
    assert events(1) == before
    assert "reeld vacuum --confirm" in journal_text()

with step("what comes then has the right time"):
    record(name="navigation.json")
    assert shown(2)["created"].startswith(f"{YEAR}-")

with step("in 1970 again the daemon starts, records behind what it has, and says that the clock is wrong"):
    run("systemctl", "stop", "reeld.service")
    set_clock(FIRST_DAY)
    run("systemctl", "start", "reeld.service")
    record(name="scrolling.ndjson")
    later = events(2), events(3)
    assert shown(3)["created"] >= shown(2)["last_received"]
    waits = what_retention_waits_for()
    assert "before the newest entry of the log" in waits, waits
    assert events(1) == before

with step("right again, only an admin's word lets go what the clock dated wrongly"):
    set_clock(RIGHT + 3_600)
    assert "reeld vacuum --confirm" in what_retention_waits_for()
    assert events(1) == before
    run("reeld", "vacuum", "--confirm")
    assert ask("GET", "/v1/recordings/1")[0] == 410
    assert (events(2), events(3)) == later
