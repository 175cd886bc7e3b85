"""The player of a recording that goes on, in Chromium."""

from pages import shop, slices


def test_what_is_recorded_is_watched_as_it_happens(household, browser):
    daemon = household.start()
    first, second, third = shop()
    recording = daemon.begin(user="zoe@example.org")
    assert daemon.post(recording, slices(first)).status == 201
    browser.open(daemon, f"/recordings/{recording}")
    browser.wait_for_frame("Pay now")
    assert browser.texts("#live") == ["Live"]
    browser.wait("document.querySelector('#play').innerText === 'Pause'")
    assert daemon.post(recording, slices(second)).status == 201
    browser.wait_for_frame("Please wait.")
    assert daemon.post(recording, slices(third)).status == 201
    browser.wait_for_frame("Thank you")
    browser.wait("[...document.querySelectorAll('.row .text')].some((row) => row.innerText === 'order: {\"total\":48}')")
    browser.screenshot("player-live")
    # Back, while it goes on, and to the present again.
    browser.click_at("#timeline", 0.02)
    browser.wait_for_frame("Pay now")
    browser.wait("!document.querySelector('#go-live').hidden")
    browser.find("#go-live").click()
    browser.wait_for_frame("Thank you")
    assert daemon.ask("POST", f"/v1/recordings/{recording}/end").status == 200
    browser.wait("document.querySelector('#live').hidden")
    assert browser.complaints() == []


def test_a_recording_is_watched_from_its_first_event_on(household, browser):
    daemon = household.start()
    recording = daemon.begin()
    browser.open(daemon, f"/recordings/{recording}")
    browser.wait("document.querySelector('#cover').innerText === 'Nothing was recorded yet.'")
    for batch in shop():
        assert daemon.post(recording, slices(batch)).status == 201
    browser.wait_for_frame("Thank you")
    assert browser.complaints() == []


