"""Who may do what: the Unix socket by its mode, TCP by address, Host, Origin and tokens."""

import stat

import pytest

from events import one, some

BODY = b"[" + one(1) + b"]"
JSON = {"Content-Type": "application/json"}
READS = ["/v1/recordings", "/v1/recordings/1", "/v1/recordings/1/events", "/v1/recordings/1/chunks",
         "/v1/recordings/1/chunks/0", "/api/events?activity_id=1", "/v1/store", "/metrics"]  # fmt: skip


@pytest.fixture(scope="module")
def witness(shared_household):
    daemon = shared_household.start()
    daemon.recording = daemon.begin_whole()
    assert daemon.recording["number"] == 1
    assert daemon.post(1, some(3)).status == 201
    return daemon


@pytest.fixture
def unchanged(witness):
    before = witness.figures(), witness.show(1), witness.events_text(1)
    yield
    assert (witness.figures(), witness.show(1), witness.events_text(1)) == before


def bearer(token: str) -> dict:
    return {"Authorization": f"Bearer {token}"}


def test_socket_and_token_file_have_the_modes_they_should(witness):
    assert stat.filemode(witness.socket.stat().st_mode) == "srw-rw----"
    assert stat.filemode((witness.store / "read.token").stat().st_mode) == "-rw-------"
    assert stat.filemode(witness.store.stat().st_mode) == "drwx------"
    assert len(witness.token) >= 40


@pytest.mark.parametrize("target", READS)
def test_reading_over_tcp_wants_the_token_of_the_token_file(witness, unchanged, target):
    assert witness.ask_tcp("GET", target, headers=bearer(witness.token)).status == 200
    refusals = {
        "missing-token": {},
        "wrong-token": bearer(witness.token[:-1] + ("0" if witness.token[-1] != "0" else "1")),
    }
    for problem, headers in refusals.items():
        answer = witness.ask_tcp("GET", target, headers=headers)
        assert (answer.status, answer.problem) == (401, problem)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert b"timestamp" not in answer.body
    for headers in (bearer(witness.recording["token"]), {"Authorization": f"Basic {witness.token}"}, bearer("")):
        assert witness.ask_tcp("GET", target, headers=headers).status == 401


@pytest.mark.parametrize(
    "method, target, body",
    [("POST", "/v1/recordings", b"{}"), ("PATCH", "/v1/recordings/1", b'{"notes":"x"}'),
     ("DELETE", "/v1/recordings/1", None), ("POST", "/v1/store/compact", None)],
)  # fmt: skip
def test_changes_over_tcp_want_it_too(witness, unchanged, method, target, body):
    headers = JSON if body else {}
    assert witness.ask_tcp(method, target, body, headers).problem == "missing-token"
    assert witness.ask_tcp(method, target, body, headers | bearer(witness.recording["token"])).problem == "wrong-token"


def test_healthz_and_readyz_are_open_to_everybody(witness):
    for target in ("/healthz", "/readyz"):
        assert witness.ask_tcp("GET", target).status == 200


def test_a_recording_is_written_over_tcp_with_its_own_token_only(witness):
    mine, other = witness.begin_whole(), witness.begin_whole()
    target = f"/v1/recordings/{mine['number']}/events"
    before = witness.figures()
    for headers, status, problem in (
        ({}, 401, "missing-token"),
        (bearer(other["token"]), 403, "wrong-write-token"),
        (bearer("rw_nonsense"), 403, "wrong-write-token"),
    ):
        answer = witness.ask_tcp("POST", target, BODY, JSON | headers)
        assert (answer.status, answer.problem) == (status, problem)
        answer = witness.ask_tcp("POST", target.replace("/events", "/end"), headers=headers)
        assert (answer.status, answer.problem) == (status, problem)
    assert witness.figures() == before
    assert witness.ask_tcp("POST", target, BODY, JSON | bearer(mine["token"])).status == 201
    assert witness.ask_tcp("POST", f"{target}?token={mine['token']}", BODY, {"Content-Type": "text/plain"}).status == 201
    assert witness.ask_tcp("POST", target, BODY, JSON | bearer(witness.token)).status == 201
    assert witness.show(mine["number"])["events"] == 3


def test_a_wrong_write_token_is_refused_on_the_unix_socket_too(witness, unchanged):
    answer = witness.post(1, BODY, headers=bearer("rw_nonsense"))
    assert (answer.status, answer.problem) == (403, "wrong-write-token")


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org", "192.168.0.1", "localhost.evil", "[::2]"])
def test_other_hosts_are_not_answered_over_tcp(witness, unchanged, host):
    for target in ("/v1/recordings/1/events", "/healthz"):
        answer = witness.ask_tcp("GET", target, headers=bearer(witness.token) | {"Host": host})
        assert (answer.status, answer.problem) == (421, "wrong-host")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:80", "[::1]", "127.0.0.1:7335"])
def test_names_of_this_machine_are_answered(witness, host):
    assert witness.ask_tcp("GET", "/v1/recordings/1", headers=bearer(witness.token) | {"Host": host}).status == 200


@pytest.mark.parametrize("origin", ["https://example.org", "http://localhost:1", "null", "http://127.0.0.1.example.org"])
def test_pages_of_other_origins_are_refused(witness, unchanged, origin):
    headers = JSON | bearer(witness.token) | {"Origin": origin}
    for method, target, body in (("GET", "/v1/recordings", None), ("POST", "/v1/recordings/1/events", BODY)):
        answer = witness.ask_tcp(method, target, body, headers)
        assert (answer.status, answer.problem) == (403, "foreign-origin")
        assert answer.headers["Access-Control-Allow-Origin"] is None


def test_the_daemons_own_pages_are_served(witness):
    origin = {"Origin": f"http://127.0.0.1:{witness.port}"}
    assert witness.ask_tcp("GET", "/v1/recordings/1", headers=bearer(witness.token) | origin).status == 200


def test_the_token_file_outlives_a_restart(household):
    daemon = household.start()
    token = daemon.token
    daemon.restart()
    assert daemon.token == token
    assert daemon.ask_tcp("GET", "/v1/recordings", headers=bearer(token)).status == 200
