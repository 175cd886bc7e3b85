"""What packaging/monitoring gives admins: alerts that fire, a dashboard of metrics there are, a scrape that works."""

import json
import re
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from events import some

MONITORING = Path(__file__).resolve().parents[2] / "packaging/monitoring"
PATIENCE_SECONDS = 60
# Not there until something was archived.
SOMETIMES = {"reeld_archive_online"}


@pytest.fixture(scope="module")
def daemon(shared_household):
    daemon = shared_household.start()
    assert daemon.post(daemon.begin(), some(3)).status == 201
    # What it found is among the figures.
    subprocess.run([daemon.binary, "verify", f"--store={daemon.store}"], check=True, capture_output=True)
    return daemon


def promtool(*words) -> str:
    done = subprocess.run(["promtool", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


def metrics(daemon) -> str:
    return daemon.ask("GET", "/metrics").body.decode()


def test_each_alert_fires_when_it_should_and_only_then():
    promtool("test", "rules", str(Path(__file__).with_name("alerts.test.yml")))


def test_every_alert_is_tried(daemon):
    alerts = re.findall(r"alert: (\w+)", (MONITORING / "reeld-alerts.yml").read_text())
    tried = Path(__file__).with_name("alerts.test.yml").read_text()
    assert alerts and all(tried.count(alert) >= 2 for alert in alerts)


@pytest.mark.parametrize("name", ["reeld-alerts.yml", "reeld-dashboard.json"])
def test_alerts_and_dashboard_ask_for_metrics_there_are(daemon, name):
    there = set(re.findall(r"^# TYPE (\w+)", metrics(daemon), re.MULTILINE)) | SOMETIMES
    document = (MONITORING / name).read_text()
    if name.endswith(".json"):
        document = " ".join(target["expr"] for panel in json.loads(document)["panels"] for target in panel["targets"])
    asked = {re.sub("_(bucket|sum|count)$", "", one) for one in re.findall(r"\breeld_\w+", document)}
    assert asked and asked <= there, asked - there


def test_what_is_served_is_as_prometheus_wants_it(daemon):
    done = subprocess.run(["promtool", "check", "metrics"], input=metrics(daemon), capture_output=True, text=True)
    assert "error" not in done.stderr.lower() and done.returncode in (0, 3), done.stderr
    stats = subprocess.run(
        [daemon.binary, "stats", "--metrics", f"--socket={daemon.socket}"], capture_output=True, text=True, check=True)
    assert re.findall(r"^# TYPE .*", stats.stdout, re.MULTILINE) == \
        re.findall(r"^# TYPE .*", metrics(daemon), re.MULTILINE)  # fmt: skip


def test_prometheus_scrapes_it_with_the_token(daemon, tmp_path):
    """Prometheus itself, with the configuration of the example but for port and places."""
    token = tmp_path / "token"
    token.write_text(daemon.token)
    text = (MONITORING / "prometheus.yml").read_text()
    for before, after in (
        ("/etc/prometheus/reeld.token", str(token)),
        ("127.0.0.1:7335", f"127.0.0.1:{daemon.port}"),
        ("/usr/share/doc/reeld/examples/monitoring", str(MONITORING)),
    ):
        assert before in text
        text = text.replace(before, after)
    configuration = tmp_path / "prometheus.yml"
    configuration.write_text("global: {scrape_interval: 200ms}\n" + text)
    promtool("check", "config", str(configuration))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with (tmp_path / "log").open("wb") as log:
        prometheus = subprocess.Popen(
            ["prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={tmp_path / 'data'}",
             f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)  # fmt: skip
    try:
        found = until(lambda: query(port, "reeld_recordings"))
        assert [(one["metric"]["instance"], one["value"][1]) for one in found] == [("reeld", "1")]
        assert [one["value"][1] for one in query(port, 'up{job="reeld"}')] == ["1"]
        assert not query(port, "ALERTS")
    finally:
        prometheus.kill()
        prometheus.wait()


def query(port: int, expression: str) -> list:
    address = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(address) as answer:
            return json.load(answer)["data"]["result"]
    except OSError:
        return []


def until(ask):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (result := ask()):
        assert time.monotonic() < deadline, f"nothing in {PATIENCE_SECONDS} s"
        time.sleep(0.1)
    return result
