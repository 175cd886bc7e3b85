"""What is served as gzip is gzip to everybody: one member, read by gzip, curl, Python and a browser."""

import gzip
import hashlib
import http.server
import json
import os
import shutil
import signal
import subprocess
import threading
import zlib

import pytest

from events import assert_holds

BROWSER_SECONDS_MAX = 90


@pytest.fixture(scope="module")
def stored(shared_household, recordings):
    """A daemon with every recording, the even ones compacted, the odd ones of many small frames."""
    daemon = shared_household.start()
    sent = {}
    for name, events in recordings.items():
        number = daemon.begin(activity=name)
        for first in range(0, len(events), 20):
            assert daemon.post(number, events[first : first + 20]).status == 201
        sent[number] = events
    for number in list(sent)[::2]:
        daemon.reeld("end", str(number))
    daemon.reeld("vacuum")
    return daemon, sent


def bodies(stored):
    daemon, sent = stored
    connection = daemon.connect()
    for number, events in sent.items():
        for target, prefix, suffix in (
            (f"/v1/recordings/{number}/events", b"[", b"]"),
            (f"/api/events?activity_id={number}", b'{"events":[', b"]}"),
        ):
            answer = daemon.ask("GET", target, headers={"Accept-Encoding": "gzip"}, connection=connection)
            assert answer.headers["Content-Encoding"] == "gzip"
            assert int(answer.headers["Content-Length"]) == len(answer.body)
            yield answer.body, events, prefix, suffix
    connection.close()


def test_gzip_t_passes_every_body(stored):
    for body, *_ in bodies(stored):
        done = subprocess.run(["gzip", "-t"], input=body, capture_output=True)
        assert done.returncode == 0 and not done.stderr, done.stderr


def test_python_reads_every_body_as_one_member(stored):
    for body, events, prefix, suffix in bodies(stored):
        inflater = zlib.decompressobj(wbits=31)
        text = inflater.decompress(body) + inflater.flush()
        # Browsers stop after the first member, so nothing may stand behind it.
        assert inflater.eof and inflater.unused_data == b""
        assert text == gzip.decompress(body)
        assert_holds(text, events, prefix, suffix)
        json.loads(text)


def test_curl_compressed_reads_every_body(stored):
    daemon, sent = stored
    for number, events in sent.items():
        assert_holds(daemon.curl("--compressed", f"http://localhost/v1/recordings/{number}/events"), events)


def test_a_body_in_pieces_of_any_size_inflates(stored):
    body, events, prefix, suffix = next(bodies(stored))
    for size in (1, 7, 4096):
        inflater = zlib.decompressobj(wbits=31)
        pieces = (body[first : first + size] for first in range(0, len(body), size))
        assert_holds(b"".join(map(inflater.decompress, pieces)), events, prefix, suffix)


PAGE = b"""<!doctype html><meta charset="utf-8"><script type="module">
const answers = [];
for (const target of await (await fetch("/targets")).json()) {
    try {
        const response = await fetch(target, {cache: "no-store"});
        const bytes = await response.arrayBuffer();
        const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
        const hex = Array.from(hash, byte => byte.toString(16).padStart(2, "0")).join("");
        const document = JSON.parse(new TextDecoder().decode(bytes));
        answers.push({target, hex, count: (document.events ?? document).length});
    } catch (error) {
        answers.push({target, error: String(error)});
    }
}
await fetch("/answers", {method: "POST", body: JSON.stringify(answers)});
</script>"""


class Proxy(http.server.ThreadingHTTPServer):
    """Shows a page to a browser, and hands its requests to the Unix socket: a browser cannot open one, nor be given a
    token's header. What comes back is passed on as it came, its Content-Encoding too."""

    daemon_threads = True

    def __init__(self, daemon, targets):
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.daemon, self.targets = daemon, targets
        self.answers, self.codings = None, []
        self.done = threading.Event()


class ProxyHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, body, *headers, status=200):
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/":
            return self.answer(PAGE, ("Content-Type", "text/html"))
        if self.path == "/targets":
            return self.answer(json.dumps(self.server.targets).encode(), ("Content-Type", "application/json"))
        coding = self.headers.get("Accept-Encoding", "")
        served = self.server.daemon.ask("GET", self.path, headers={"Accept-Encoding": coding})
        if self.path in self.server.targets:
            self.server.codings.append(served.headers["Content-Encoding"])
        passed = [(name, served.headers[name]) for name in ("Content-Type", "Content-Encoding") if served.headers[name]]
        self.answer(served.body, *passed, status=served.status)

    def do_POST(self):
        self.server.answers = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(b"")
        self.server.done.set()


def test_a_browser_reads_every_body(stored, tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium here")
    daemon, sent = stored
    expected = {}
    for number, events in sent.items():
        for target in (f"/v1/recordings/{number}/events", f"/api/events?activity_id={number}"):
            plain = daemon.ask("GET", target).body
            expected[target] = {
                "target": target, "hex": hashlib.sha256(plain).hexdigest(), "count": len(events),
            }  # fmt: skip
    proxy = Proxy(daemon, list(expected))
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-extensions", "--disable-background-networking", f"--user-data-dir={tmp_path}",
        "--remote-debugging-port=0", f"http://127.0.0.1:{proxy.server_port}/",
    ]  # fmt: skip
    log = tmp_path / "chromium.log"
    with log.open("wb") as output:
        # A session of its own, so that the browser's helpers end with it.
        browser = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        finished = proxy.done.wait(BROWSER_SECONDS_MAX)
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()
        proxy.shutdown()
        proxy.server_close()
    assert finished, f"the page did not finish: {log.read_text(errors='replace')[-2000:]}"
    assert proxy.answers == list(expected.values())
    assert proxy.codings == ["gzip"] * len(expected)
