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


ROW = "document.querySelector('tbody tr[data-number=\"{}\"]')"


def numbers(browser):
    return [int(text.removeprefix("#")) for text in browser.texts("tbody tr .hash")]


def test_the_list_follows_what_happens(household, browser):
    daemon = household.start()
    first = daemon.begin(user="adam@example.org")
    browser.open(daemon, "/")
    browser.wait(f"{ROW.format(first)}?.querySelector('.live')")
    second = daemon.begin(user="zoe@example.org")
    browser.wait(ROW.format(second))
    assert numbers(browser) == [second, first]
    for batch in shop():
        assert daemon.post(first, slices(batch)).status == 201
    browser.wait(f"{ROW.format(first)}.innerText.includes('shop.example/cart')")
    # What was chosen stays chosen when its row changes.
    browser.run(f"{ROW.format(first)}.querySelector('a.open').focus()")
    assert daemon.ask("POST", f"/v1/recordings/{first}/end").status == 200
    browser.wait(f"!{ROW.format(first)}.querySelector('.live')")
    assert browser.run("return document.activeElement.getAttribute('href')") == f"/recordings/{first}"
    assert daemon.ask("DELETE", f"/v1/recordings/{second}").status == 200
    browser.wait(f"!{ROW.format(second)}")
    assert browser.texts("#end") == ["1 recording"]
    assert browser.complaints() == []


def test_a_filtered_list_shows_only_what_it_asks_for(household, browser):
    daemon = household.start()
    browser.open(daemon, "/?user=zoe%40example.org")
    browser.wait("document.querySelector('#end').innerText.startsWith('No recording')")
    while daemon.metrics()['reeld_live_viewers{of="list"}'] < 1:
        pass
    daemon.begin(user="adam@example.org")
    number = daemon.begin(user="zoe@example.org")
    browser.wait(ROW.format(number))
    assert numbers(browser) == [number]
    assert browser.texts("#end") == ["1 recording"]


def test_what_the_reader_looks_at_stays_where_it_is(household, browser):
    daemon = household.start()
    for _ in range(120):
        daemon.begin()
    browser.open(daemon, "/")
    # A page of the list may be short where the machine is slow: scrolling gets the rest.
    browser.wait(f"(scrollTo(0, 1200), scrollY > 1000 && {ROW.format(98)})")
    # Until all that scrolling loads is there.
    browser.wait("document.querySelector('#end').innerText !== 'Loading …'")
    top = browser.run(f"scrollTo(0, 1200); return {ROW.format(98)}.getBoundingClientRect().top")
    newest = [daemon.begin() for _ in range(10)][-1]
    browser.wait(ROW.format(newest))
    assert abs(browser.run(f"return {ROW.format(98)}.getBoundingClientRect().top") - top) < 1
    # The next page goes on behind the last row, none twice.
    browser.wait("(scrollTo(0, document.body.scrollHeight), document.querySelectorAll('tbody tr').length === 130)")
    assert numbers(browser) == list(range(130, 0, -1))


def test_tabs_that_nobody_looks_at_let_go(household, browser):
    daemon = household.start()
    daemon.begin()

    def watching(count):
        while daemon.metrics()['reeld_live_viewers{of="list"}'] != count:
            pass

    browser.open(daemon, "/")
    watching(1)
    tab = browser.driver.current_window_handle
    for _ in range(8):
        # More than the connections a browser has for one origin.
        browser.driver.switch_to.new_window("tab")
        browser.driver.get(f"http://127.0.0.1:{daemon.port}/")
        browser.wait(ROW.format(1))
    watching(1)
    number = daemon.begin()
    browser.wait(ROW.format(number))
    for handle in browser.driver.window_handles:
        if handle != tab:
            browser.driver.switch_to.window(handle)
            browser.driver.close()
    browser.driver.switch_to.window(tab)
    browser.driver.execute_cdp_cmd("Page.bringToFront", {})
    # What happened meanwhile is there when it is looked at.
    browser.wait(ROW.format(number))
    assert browser.complaints() == []


def test_what_is_erased_while_it_is_watched_is_shown_no_more(household, browser):
    daemon = household.start()
    recording = daemon.begin()
    assert daemon.post(recording, slices(shop()[0])).status == 201
    browser.open(daemon, f"/recordings/{recording}")
    browser.wait_for_frame("Pay now")
    assert daemon.ask("DELETE", f"/v1/recordings/{recording}").status == 200
    browser.wait("document.querySelector('#cover').innerText === 'This recording was erased.'")
