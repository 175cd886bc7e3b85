"""An upgrade under load: no acknowledged batch is lost, nobody is refused, and what the admin wrote stays."""

import http.client
import json
import threading
import time
from pathlib import Path

from machine import LATER, PACKAGE, Connection, ask, events, install, is_up, journal_text, run, step, \
    store_of_newer_version, unit, until

WRITERS = 8
CONFIGURATION = Path("/etc/reeld/reeld.conf")


class Writer(threading.Thread):
    """Sends numbered batches, each on a connection of its own, and again under the same number until one is answered."""

    def __init__(self, number: int):
        super().__init__(name=f"writer-{number}")
        status, body = ask("POST", "/v1/recordings", b"{}")
        assert status == 201, body
        self.recording = json.loads(body)["number"]
        self.is_wanted = True
        self.acked = 0
        self.refused: list[str] = []
        self.repeated = 0
        self.broken: list[str] = []

    def run(self):
        while self.is_wanted:
            if self.send(self.acked):
                self.acked += 1

    def send(self, batch: int) -> bool:
        body = json.dumps([{"type": 3, "data": {"batch": batch}, "timestamp": 1_700_000_000_000 + batch}]).encode()
        headers = {"Content-Type": "application/json", "Reeld-Writer": self.name, "Reeld-Batch": str(batch)}
        connection = Connection()
        try:
            connection.connect()
        except OSError as error:
            self.refused.append(repr(error))
            time.sleep(0.05)
            return False
        try:
            connection.request("POST", f"/v1/recordings/{self.recording}/events", body, headers)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException):
            self.repeated += 1
            return False
        finally:
            connection.close()
        if response.status in (200, 201):
            return True
        if response.status == 503:
            self.repeated += 1
        else:
            self.broken.append(f"{response.status} {answer[:300]!r}")
            self.is_wanted = False
        return False


def downgrade():
    run("apt-get", "-y", "-o", "Dpkg::Options::=--force-confold", "--allow-downgrades", "install", PACKAGE)


def start_writers() -> list[Writer]:
    writers = [Writer(number) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    until("all have written", lambda: all(writer.acked >= 20 for writer in writers))
    return writers


def stop_writers(writers: list[Writer]):
    for writer in writers:
        writer.is_wanted = False
    for writer in writers:
        writer.join()


with step("the package is installed, and its configuration edited"):
    install()
    CONFIGURATION.write_text(CONFIGURATION.read_text().replace("#lease = 30min", "lease = 11min"))
    run("systemctl", "reload", "reeld")
    edited = CONFIGURATION.read_text()
    assert "\nlease = 11min\n" in edited

writers = start_writers()
pid = unit("MainPID")

with step("a later version is installed under load, and runs"):
    install(LATER)
    assert is_up() and unit("MainPID") != pid
    assert run("dpkg-query", "-W", "-f", "${Version}", "reeld").endswith("+later")
    after = [writer.acked for writer in writers]
    until("all go on", lambda: all(writer.acked >= was + 20 for writer, was in zip(writers, after)))

stop_writers(writers)

with step("no connection was refused, and no batch got another answer than it should"):
    print(f"{sum(writer.acked for writer in writers)} batches, {sum(writer.repeated for writer in writers)} repeated")
    assert not [refusal for writer in writers for refusal in writer.refused]
    assert not [answer for writer in writers for answer in writer.broken]

with step("every acknowledged batch is there, once and in order"):
    for writer in writers:
        found = [event["data"]["batch"] for event in events(writer.recording)]
        assert found[: writer.acked] == list(range(writer.acked)), (writer.name, writer.acked, found[-5:])
        # One more may have been committed and its answer not have been waited for.
        assert len(found) <= writer.acked + 1

with step("the edited configuration was kept, and the later one lies beside it"):
    assert CONFIGURATION.read_text() == edited
    assert "# Said by a later version." in Path("/etc/reeld/reeld.conf.dpkg-dist").read_text()
    assert "lease = 11min" in run("reeld", "config", "show")

with step("a socket that is not kept open meanwhile refuses somebody, and the writers see it"):
    control = start_writers()
    for _ in range(3):
        run("systemctl", "stop", "reeld.socket", "reeld.service")
        run("systemctl", "start", "reeld.service")
    until("somebody is refused", lambda: any(writer.refused for writer in control))
    stop_writers(control)
    # On a quick machine those were more starts in a minute than the unit allows.
    run("systemctl", "reset-failed", "reeld.service", "reeld.socket")

with step("going back to the version before works as well: the format is the same"):
    downgrade()
    assert is_up() and len(events(writers[0].recording)) >= writers[0].acked
    install(LATER)

with step("going back to a version that does not know the store's format is told, and changes nothing"):
    run("systemctl", "stop", "reeld.service")
    with store_of_newer_version():
        downgrade()
        until("it has given up", lambda: unit("ActiveState") == "failed")
        assert "format version 2 is newer than this program; upgrade reeld" in journal_text()
    # Within a minute of having given up systemd starts it only once it is told to forget that.
    run("systemctl", "reset-failed", "reeld.service", "reeld.socket", exit_code=None)
    install(LATER)
    run("systemctl", "restart", "reeld.service")
    assert len(events(writers[0].recording)) >= writers[0].acked
