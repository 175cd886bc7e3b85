"""`/v1/live`: what starts, changes and goes, for a list that is looked at."""

import pytest

from events import some
from viewers import VIEWERS, EventStreamViewer

kinds = pytest.mark.parametrize("kind", VIEWERS)


def shown(viewer, number):
    """What the viewer was last told of a recording: its description, None where it is absent, or nothing at all."""
    said = "nothing"
    for name, data in viewer.others:
        if name == "recording" and data.get("recording", data)["number"] == number:
            said = data.get("recording", data)
        elif name == "absent" and data["number"] == number:
            said = None
    return said


@kinds
def test_a_list_is_told_of_what_starts_changes_ends_and_goes(daemon, kind):
    viewer = kind(daemon, "/v1/live")
    viewer.wait(lambda it: it.others[:1] == [("begin", {})])
    number = daemon.begin(user="zoe@example.org")
    viewer.wait(lambda it: shown(it, number) != "nothing")
    assert daemon.post(number, some(3)).status == 201
    viewer.wait(lambda it: shown(it, number)["events"] == 3)
    # What is told is what is asked for.
    assert shown(viewer, number) == daemon.show(number)
    assert daemon.ask("PATCH", f"/v1/recordings/{number}", b'{"tags":["slow"]}').status == 200
    viewer.wait(lambda it: shown(it, number)["tags"] == ["slow"])
    assert daemon.ask("POST", f"/v1/recordings/{number}/end").status == 200
    viewer.wait(lambda it: shown(it, number)["status"] == "ended")
    assert daemon.ask("DELETE", f"/v1/recordings/{number}").status == 200
    viewer.wait(lambda it: shown(it, number) is None)


@kinds
def test_a_filtered_list_is_told_of_what_it_would_show(daemon, kind):
    viewer = kind(daemon, "/v1/live?user=zoe%40example.org&status=recording")
    viewer.wait(lambda it: it.others)
    other = daemon.begin(user="adam@example.org")
    number = daemon.begin(user="zoe@example.org")
    viewer.wait(lambda it: shown(it, number) != "nothing")
    assert shown(viewer, other) in (None, "nothing") and shown(viewer, number)["user"] == "zoe@example.org"
    assert daemon.ask("POST", f"/v1/recordings/{number}/end").status == 200
    viewer.wait(lambda it: shown(it, number) is None)


def test_ends_that_nobody_asked_for_are_told(household):
    daemon = household.start(configuration="[recording]\nlease = 1s\n")
    viewer = EventStreamViewer(daemon, "/v1/live")
    viewer.wait(lambda it: it.others)
    number = daemon.begin()
    assert daemon.post(number, some(1)).status == 201
    viewer.wait(lambda it: shown(it, number) not in ("nothing", None) and shown(it, number)["status"] == "idle")


def test_many_changes_are_told_seldom_and_the_last_one_always(daemon):
    viewers = [EventStreamViewer(daemon, "/v1/live") for _ in range(20)]
    for viewer in viewers:
        viewer.wait(lambda it: it.others)
    number = daemon.begin()
    connection = daemon.connect()
    for index in range(400):
        assert daemon.post(number, some(1), "w", index, connection=connection).status == 201
    for viewer in viewers:
        viewer.wait(lambda it: shown(it, number) != "nothing" and shown(it, number)["events"] == 400)
        told = sum(name == "recording" for name, _ in viewer.others)
        assert told < 100, f"400 batches were told of {told} times"


def test_a_list_wants_its_filters_and_the_token(daemon):
    assert daemon.ask("GET", "/v1/live?limit=5").problem == "bad-query"
    assert daemon.ask("GET", "/v1/live?status=odd").problem == "bad-query"
    assert daemon.ask("GET", "/v1/live?nobody=1").problem == "bad-query"
    assert daemon.ask("POST", "/v1/live").problem == "method-not-allowed"
    assert daemon.ask("HEAD", "/v1/live").status == 200
    assert daemon.ask_tcp("GET", "/v1/live").problem == "missing-token"
