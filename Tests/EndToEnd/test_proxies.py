"""The proxies of packaging/proxy: what comes through them, from pages that are recorded and from people who watch."""

import base64
import grp
import http.client
import json
import os
import pwd
import socket
import subprocess
import time
from pathlib import Path

import pytest

from events import some

PROXY = Path(__file__).resolve().parents[2] / "packaging/proxy"
PATIENCE_SECONDS = 60
# Of every Debian: the proxy runs as it, and the daemon is told that its group may do what a test wants.
USER = "www-data"
LOGIN = {"Authorization": "Basic " + base64.b64encode(b"alice:secret").decode()}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def changed(text: str, **changes: str) -> str:
    """An example with other places in it, each of which must be there."""
    for before, after in changes.values():
        assert before in text, before
        text = text.replace(before, after)
    return text


class Proxy:
    """nginx or Caddy with an example of packaging/proxy, run by a user who has only his groups' roles."""

    def __init__(self, name: str, daemon, home: Path):
        self.daemon = daemon
        self.record_port, self.watch_port = free_port(), free_port()
        self.home = home
        (home / "site").mkdir()
        (home / "site" / "index.html").write_text('<h1>Shop</h1><script src="/reeld/recorder.js" data-project="shop"></script>')
        command = getattr(self, name)()
        for path in (home, *home.rglob("*")):
            os.chown(path, pwd.getpwnam(USER).pw_uid, -1)
        as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "env", f"HOME={home}"]
        with (home / "log").open("wb") as log:
            self.process = subprocess.Popen(as_user + command, stdout=log, stderr=log, cwd=home)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while any(socket.socket().connect_ex(("127.0.0.1", port)) for port in (self.record_port, self.watch_port)):
            assert self.process.poll() is None and time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.05)

    def nginx(self) -> list[str]:
        address = ("unix:/run/reeld/reeld.sock", f"unix:{self.daemon.socket}")
        (self.home / "record.conf").write_text(changed((PROXY / "nginx-record.conf").read_text(), socket=address))
        (self.home / "htpasswd").write_text("alice:{PLAIN}secret\n")
        watch = changed(
            (PROXY / "nginx-watch.conf").read_text(), socket=address, listen=("443 ssl", f"127.0.0.1:{self.watch_port}"),
            login=("/etc/nginx/reeld.htpasswd", str(self.home / "htpasswd")),
            certificate=("    ssl_certificate /etc/ssl/replay.pem;\n", ""),
            key=("    ssl_certificate_key /etc/ssl/private/replay.key;\n", ""),
        )  # fmt: skip
        places = "".join(f"{kind}_temp_path {self.home}/{kind};\n"
                         for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
        (self.home / "nginx.conf").write_text(f"""daemon off; pid {self.home}/pid; error_log stderr;
            events {{}}
            http {{ access_log off; {places}
            server {{ listen 127.0.0.1:{self.record_port}; root {self.home}/site; include {self.home}/record.conf; }}
            {watch} }}""")
        return ["nginx", "-p", str(self.home), "-c", str(self.home / "nginx.conf")]

    def caddy(self) -> list[str]:
        made = subprocess.run(["caddy", "hash-password", "--plaintext=secret"], capture_output=True, text=True, check=True)
        text = changed(
            (PROXY / "Caddyfile").read_text(), socket=("unix//run/reeld/reeld.sock", f"unix/{self.daemon.socket}"),
            shop=("shop.example {", f"http://127.0.0.1:{self.record_port} {{"),
            watch=("\nreplay.example {", f"\nhttp://127.0.0.1:{self.watch_port} {{"),
            files=("/srv/shop", str(self.home / "site")), hash=("HASH", made.stdout.strip()),
        )  # fmt: skip
        (self.home / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text)
        return ["caddy", "run", "--config", str(self.home / "Caddyfile"), "--adapter", "caddyfile"]

    def ask(self, port: int, method: str, target: str, body=None, headers: dict | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def visit(self, method: str, target: str, body=None, headers: dict | None = None) -> tuple[int, bytes]:
        return self.ask(self.record_port, method, target, body, {"Origin": "https://shop.example"} | (headers or {}))

    def watch(self, method: str, target: str, body=None, headers: dict | None = None) -> tuple[int, bytes]:
        return self.ask(self.watch_port, method, target, body, LOGIN | (headers or {}))

    def close(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture(params=["nginx", "caddy"])
def proxy(request, household):
    """A proxy that may both record and watch, as each example says."""
    assert os.geteuid() == 0, "a proxy with only the roles of its groups needs another user than the daemon's"
    daemon = household.start(configuration=f"[server]\nrecord_group = {USER}\nview_group = {USER}\n")
    # As an access list does for the packaged socket.
    daemon.home.chmod(0o755)
    os.chown(daemon.socket, 0, grp.getgrnam(USER).gr_gid)
    home = daemon.home / "proxy"
    home.mkdir()
    proxy = Proxy(request.param, daemon, home)
    yield proxy
    proxy.close()


def test_a_visitor_starts_a_recording_and_writes_to_it_and_can_do_nothing_else(proxy):
    other = proxy.daemon.begin_whole(user="zoe")
    assert proxy.visit("GET", "/reeld/recorder.js")[0] == 200
    status, body = proxy.visit("POST", "/reeld/v1/recordings", b"{}", {"Content-Type": "application/json"})
    assert status == 201, body
    mine = json.loads(body)
    batch = b"[" + b",".join(some(3)) + b"]"
    target = f"/reeld/v1/recordings/{mine['number']}/events"
    written = {"Authorization": f"Bearer {mine['token']}", "Content-Type": "application/json"}
    assert proxy.visit("POST", target, batch, written)[0] == 201
    # As beacons do it.
    assert proxy.visit("POST", f"{target}?token={mine['token']}", batch, {"Content-Type": "text/plain"})[0] == 201
    before = proxy.daemon.figures(), proxy.daemon.show(1), proxy.daemon.show(mine["number"])
    assert before[2]["events"] == 6

    others = f"/reeld/v1/recordings/{other['number']}/events"
    json_type = {"Content-Type": "application/json"}
    for method, path, body, headers in (
        ("POST", others, batch, json_type), ("POST", others, batch, written),
        ("POST", target, batch, json_type), ("POST", "/reeld/v1/recordings", b'{"pinned": true}', json_type),
        ("GET", target, None, written), ("GET", "/reeld/v1/recordings", None, {}),
        ("GET", f"/reeld/v1/recordings/{other['number']}", None, {}), ("GET", "/reeld/v1/store", None, {}),
        ("PATCH", f"/reeld/v1/recordings/{other['number']}", b'{"notes":"x"}', json_type),
        ("DELETE", f"/reeld/v1/recordings/{other['number']}", None, {}),
        ("DELETE", "/reeld/v1/recordings", None, {}), ("POST", "/reeld/v1/erase", b'{"user":"zoe"}', json_type),
        ("POST", "/reeld/v1/store/compact", b"", {}), ("GET", "/reeld/metrics", None, {}),
        ("GET", "/reeld/v1/recordings/../store", None, {}), ("POST", f"{target}/../end", b"", written),
    ):  # fmt: skip
        status, answer = proxy.visit(method, path, body, headers)
        assert status in (400, 401, 403, 404, 405), (method, path, status, answer)
    assert (proxy.daemon.figures(), proxy.daemon.show(1), proxy.daemon.show(mine["number"])) == before


def test_who_has_the_login_watches_and_labels_and_erases_nothing(proxy):
    number = proxy.daemon.begin()
    assert proxy.daemon.post(number, some(3)).status == 201
    for target in ("/", "/v1/recordings", f"/recordings/{number}"):
        assert proxy.ask(proxy.watch_port, "GET", target)[0] == 401
        assert proxy.watch("GET", target)[0] == 200
    assert json.loads(proxy.watch("GET", f"/v1/recordings/{number}/events")[1]) == [json.loads(one) for one in some(3)]
    label = {"Content-Type": "application/json"}
    assert proxy.watch("PATCH", f"/v1/recordings/{number}", b'{"notes":"seen"}', label)[0] == 200
    # Another site's page, in a browser that keeps the login.
    foreign = label | {"Origin": "https://evil.example"}
    assert proxy.watch("PATCH", f"/v1/recordings/{number}", b'{"notes":"x"}', foreign)[0] == 403
    own = label | {"Origin": "https://replay.example"}
    assert proxy.watch("PATCH", f"/v1/recordings/{number}", b'{"notes":"once more"}', own)[0] == 200
    status, body = proxy.watch("DELETE", f"/v1/recordings/{number}")
    assert status == 403 and b"missing-role" in body
    assert proxy.daemon.show(number)["notes"] == "once more"


def test_what_is_watched_live_comes_at_once(proxy):
    number = proxy.daemon.begin()
    first, second = some(2)
    assert proxy.daemon.post(number, [first]).status == 201
    connection = http.client.HTTPConnection("127.0.0.1", proxy.watch_port, timeout=PATIENCE_SECONDS)
    connection.request("GET", f"/v1/recordings/{number}/live", headers=LOGIN)
    answer = connection.getresponse()
    assert answer.status == 200
    seen = []
    # Nothing that waits for more would come before the second is sent.
    while first not in b"".join(seen):
        seen.append(answer.readline())
    assert proxy.daemon.post(number, [second]).status == 201
    while second not in b"".join(seen):
        seen.append(answer.readline())
    connection.close()


def test_a_page_behind_the_proxy_is_recorded(proxy, browser):
    browser.driver.get("about:blank")
    browser.driver.get(f"http://127.0.0.1:{proxy.record_port}/index.html")
    browser.wait("window.reeld?.link() != null")
    browser.driver.get("about:blank")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := proxy.daemon.ask("GET", "/v1/recordings/1/events")).body.count(b"Shop"):
        assert time.monotonic() < deadline, answer.body
        time.sleep(0.05)
