"""Single crashes, looked at closely; Tests/Endurance/kill does many under load."""

import http.client
import os
import threading
import time

from events import assert_holds, cut, one


def test_a_crash_while_recordings_begin_forgets_none_and_gives_no_number_twice(household):
    daemon = household.start()
    begun: dict[int, str] = {}
    for _ in range(5):
        round_begun = []

        def begin():
            try:
                while True:
                    round_begun.append(daemon.begin_whole())
            except (OSError, http.client.HTTPException):
                pass

        threads = [threading.Thread(target=begin) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.15)
        daemon.kill()
        for thread in threads:
            thread.join()
        daemon.start()
        for answer in round_begun:
            assert answer["number"] not in begun
            begun[answer["number"]] = answer["id"]
    listed, cursor = {}, ""
    while cursor is not None:
        page = daemon.ask("GET", f"/v1/recordings?limit=1000{cursor}").json
        listed |= {row["number"]: row["id"] for row in page["recordings"]}
        cursor = page["next"] and f"&cursor={page['next']}"
    assert begun.items() <= listed.items()
    # Beyond those only what was begun without an answer: at most one of each thread and round.
    assert len(listed) - len(begun) <= 4 * 5


def test_a_torn_last_frame_is_cut_off_and_the_rest_kept(household):
    daemon = household.start()
    number = daemon.begin()
    events = [one(index, b'"%s"' % os.urandom(200).hex().encode()) for index in range(20)]
    for index, event in enumerate(events):
        assert daemon.post(number, [event], "w", index).status == 201
    daemon.kill()
    (segment,) = sorted((daemon.store / "log").glob("*.seg"))[-1:]
    with segment.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        size = file.tell()
        # The file may be longer than what was written into it: the end is where the last event's frame is.
        data = segment.read_bytes().rstrip(b"\0")
        file.truncate(len(data) - 10)
    assert size > 0
    daemon.start()
    kept = cut(daemon.events_text(number))
    assert kept == events[:19]
    assert daemon.post(number, [events[19]], "w", 19).status == 201
    assert_holds(daemon.events_text(number), events)
    assert daemon.stop() == 0
    assert b"sound" in daemon.reeld_store("verify").stdout
