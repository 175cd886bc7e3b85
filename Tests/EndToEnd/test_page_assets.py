"""The page's files: all there, known by their tags, and under the policy that keeps recordings from running anything."""

import gzip
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "Sources" / "ReelWeb" / "Page"
# The demo is there only where it is configured.
FILES = sorted(file.name for file in PAGE.iterdir() if file.name != "demo.html")


@pytest.fixture(scope="module")
def witness(shared_household):
    return shared_household.start()


@pytest.mark.parametrize("name", FILES)
def test_every_file_of_the_page_is_in_the_binary(witness, name):
    answer = witness.ask_tcp("GET", f"/assets/{name}")
    assert answer.status == 200
    assert answer.body == (PAGE / name).read_bytes()


def test_list_and_player_are_pages_of_their_own(witness):
    for target, name in (("/", "list.html"), ("/?user=zoe", "list.html"), ("/recordings/1", "player.html"),
                         ("/recordings/nonsense?t=3", "player.html")):  # fmt: skip
        answer = witness.ask_tcp("GET", target)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert answer.body == (PAGE / name).read_bytes()
    for target in ("/assets/", "/assets/none.js", "/recordings", "/recordings/1/2", "/list.html"):
        assert witness.ask_tcp("GET", target).status == 404
    assert witness.ask_tcp("POST", "/").problem == "method-not-allowed"


@pytest.mark.parametrize("target", ["/", "/recordings/1", "/assets/replayer.js", "/assets/page.css"])
def test_nothing_but_the_daemons_own_runs_in_the_page(witness, target):
    headers = witness.ask_tcp("GET", target).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert (policy["default-src"], policy["script-src"], policy["connect-src"]) == ("'none'", "'self'", "'self'")
    assert (policy["base-uri"], policy["form-action"], policy["frame-ancestors"]) == ("'none'", "'none'", "'self'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_html_needs_no_inline_script():
    for file in PAGE.glob("*.html"):
        text = file.read_text()
        assert text.count("<script") == text.count("<script src=") + text.count('<script type="module" src=')
        assert not re.search(r"<[^>]*\son\w+=", text)


def test_a_file_is_known_by_its_tag_in_each_coding(witness):
    plain = witness.ask_tcp("GET", "/assets/replayer.js")
    packed = witness.ask_tcp("GET", "/assets/replayer.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 2
    assert plain.headers["ETag"] != packed.headers["ETag"]
    for answer, coding in ((plain, "identity"), (packed, "gzip")):
        again = witness.ask_tcp(
            "GET", "/assets/replayer.js", headers={"Accept-Encoding": coding, "If-None-Match": answer.headers["ETag"]}
        )
        assert (again.status, again.body) == (304, b"")
        assert again.headers["Content-Security-Policy"] == answer.headers["Content-Security-Policy"]


def test_the_page_itself_is_no_secret_and_reads_nothing(witness):
    assert witness.ask_tcp("GET", "/").status == 200
    assert witness.ask_tcp("GET", "/v1/recordings").problem == "missing-token"
    assert witness.ask_tcp("GET", "/", headers={"Host": "evil.example"}).problem == "wrong-host"
