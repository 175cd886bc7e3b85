"""The player, in Chromium."""

import pytest
from selenium.webdriver.common.by import By

from pages import event, shop, slices

READY = "document.querySelector('#cover').hidden && document.querySelectorAll('.row').length > 0"


@pytest.fixture(scope="module")
def witness(shared_household):
    # No compaction while somebody watches: Chromium would tell of the answer that says so. One test has one, on purpose.
    daemon = shared_household.start(configuration="[compaction]\nautomatic = no\n")
    daemon.begin(user="zoe@example.org", ticket="T-1", tags=["checkout"])
    for index, batch in enumerate(shop()):
        assert daemon.post(1, slices(batch), "w", index).status == 201
    assert daemon.ask("POST", "/v1/recordings/1/end").status == 200
    return daemon


@pytest.fixture
def player(witness, browser):
    browser.open(witness, "/recordings/1")
    browser.wait(READY)
    browser.wait_for_frame("Pay now")
    yield browser
    assert browser.complaints() == []


def test_the_first_page_is_shown(player):
    assert player.texts("#title") == ["#1 · zoe@example.org"]
    assert player.texts("#length") == ["1:20"]
    assert player.driver.title == "#1 zoe@example.org · reeld"
    player.screenshot("player")


def test_a_click_on_the_timeline_seeks_forth_and_back(player):
    player.click_at("#timeline", 0.95)
    player.wait_for_frame("Thank you")
    player.wait("location.search.includes('t=7')")
    player.click_at("#timeline", 0.2)
    player.wait_for_frame("Please wait.")
    player.click_at("#timeline", 0.01)
    player.wait("!document.querySelector('#screen iframe').contentDocument.body.innerText.includes('Please wait.')")
    player.wait_for_frame("Pay now")


def test_the_address_names_the_moment(witness, player):
    player.open(witness, "/recordings/1?t=72&panel=console")
    player.wait_for_frame("Thank you")
    assert player.texts("#now") == ["1:12"]
    player.wait("document.querySelector('#tab-console').getAttribute('aria-selected') === 'true'")


def test_it_plays_to_the_end_and_skips_what_is_idle(player):
    player.find("#speed").find_element(By.CSS_SELECTOR, "[value='8']").click()
    player.find("#play").click()
    player.wait("document.querySelector('#play').innerText === 'Pause'")
    player.wait_for_frame("Thank you")
    player.wait("document.querySelector('#play').innerText === 'Play' && document.querySelector('#now').innerText === '1:20'")
    # From the end playing begins anew.
    player.find("#play").click()
    player.wait_for_frame("Pay now")
    player.find("#play").click()


def test_the_keyboard_plays_pauses_and_seeks(player):
    player.press(" ")
    player.wait("document.querySelector('#play').innerText === 'Pause'")
    player.press(" ")
    player.wait("document.querySelector('#play').innerText === 'Play'")
    player.press("e")
    player.wait("document.querySelector('#now').innerText === '0:05'")
    player.press("r")
    player.wait("document.querySelector('#now').innerText === '0:10'")
    player.press(".")
    player.wait("document.querySelector('#address').innerText === 'https://shop.example/thanks'")


def test_the_activity_reads_like_a_story_and_leads_there(player):
    player.wait("document.querySelectorAll('.row').length >= 12")
    texts = player.texts(".row .text")
    assert texts == [
        "opened https://shop.example/cart", "clicked email field “E-mail”", "typed in email field “E-mail” (masked)",
        "clicked button “Pay now”", "failed: POST https://shop.example/api/pay (500)",
        "error: payment failed no connection", "clicked button “Pay now”", "clicked button “Pay now”",
        "clicked button “Pay now”", "clicked again and again on button “Pay now”", "opened https://shop.example/thanks",
        'order: {"total":48}',
    ]  # fmt: skip
    player.run("[...document.querySelectorAll('.row')].find((row) => row.innerText.includes('thanks')).click()")
    player.wait_for_frame("Thank you")


def test_console_network_and_events_have_panels(player):
    player.find("#tab-console").click()
    assert player.texts(".row .text") == ["payment failed no connection", "trying again"]
    player.find(".filter select").find_element(By.CSS_SELECTOR, "[value=warn]").click()
    assert player.texts(".row .text") == ["trying again"]
    player.find(".row").click()
    player.wait("document.querySelector('.detail').innerText.includes('shop.js:10:4')")
    player.screenshot("player-console")
    player.find("#tab-network").click()
    assert player.texts(".row .status") == ["500", "200"]
    player.screenshot("player-network")
    player.find("#tab-raw").click()
    player.wait("document.querySelectorAll('.row').length > 0")
    player.find(".row").click()
    player.wait("document.querySelector('.detail').innerText.includes('\"timestamp\"')")


def test_tags_ticket_and_notes_are_changed_here(witness, player):
    player.find("#tab-about").click()
    player.screenshot("player-about")
    for name, text in (("tags", "checkout, angry"), ("ticket", "T-2"), ("notes", "Called back.\nWorks now.")):
        field = player.find(f"[name={name}]")
        field.clear()
        field.send_keys(text)
    player.find(".about [type=submit]").click()
    player.wait("document.querySelector('.said').innerText === 'Saved.'")
    shown = witness.show(1)
    assert (shown["tags"], shown["ticket"], shown["notes"]) == (["checkout", "angry"], "T-2", "Called back.\nWorks now.")


def test_only_what_is_around_the_moment_is_fetched_by_the_player(witness, browser):
    browser.open(witness, "/recordings/1?t=72&panel=about")
    browser.wait_for_frame("Thank you")
    browser.wait("document.querySelector('#tab-activity .tally').innerText === '12'")
    # The background reads every chunk once; the screen its own, with the one before it for the Meta.
    chunks = [url.split("/chunks/")[1].split("?")[0] for url in browser.requests() if "/chunks/" in url]
    table = witness.ask("GET", "/v1/recordings/1/chunks").json["chunks"]
    assert chunks.count(str(table[0]["first"])) <= 1 and len(chunks) <= 2 + len(table)


@pytest.mark.parametrize(
    "events, said",
    [
        ([], "Nothing was recorded yet."),
        ([event(0, 3, source=1, positions=[])] * 3, "no full snapshot"),
        ([event(0, 4, href="https://a.example/", width=800, height=600)], "no full snapshot"),
    ],
)
def test_a_recording_that_cannot_be_drawn_says_so(witness, browser, events, said):
    number = witness.begin()
    if events:
        assert witness.post(number, slices(events)).status == 201
    browser.open(witness, f"/recordings/{number}")
    browser.wait("document.querySelector('#cover').innerText.includes(arguments[0])", said)
    assert browser.complaints() == []


@pytest.mark.parametrize("keep", ["snapshot only", "no meta", "disordered", "unknown types", "seconds"])
def test_an_odd_recording_is_played_as_far_as_it_goes(witness, browser, keep):
    first = shop()[0]
    events = {
        "snapshot only": first[1:2],
        "no meta": first[1:],
        "disordered": [first[0], first[1], *reversed(first[2:])],
        "unknown types": [*first[:2], event(1, 15, any="thing"), event(1.5, 3, source=99), *first[2:]],
        "seconds": [one | {"timestamp": one["timestamp"] / 1000} for one in first],
    }[keep]
    number = witness.begin()
    assert witness.post(number, slices(events)).status == 201
    browser.open(witness, f"/recordings/{number}")
    browser.wait_for_frame("Pay now")
    assert browser.complaints() == []


def test_what_there_is_not_is_told_in_the_daemons_words(witness, browser):
    for name in ("999", "nonsense"):
        browser.open(witness, f"/recordings/{name}")
        browser.wait("document.querySelector('#cover').innerText.includes(arguments[0])", name)
    erased = witness.begin()
    assert witness.ask("DELETE", f"/v1/recordings/{erased}").status == 200
    browser.open(witness, f"/recordings/{erased}")
    browser.wait("document.querySelector('#cover').innerText.includes('erased')")


def test_it_can_be_used_on_a_narrow_screen_and_in_the_dark(witness, browser):
    browser.resize(400, 800)
    browser.dark(True)
    try:
        browser.open(witness, "/recordings/1?t=6")
        browser.wait(READY)
        browser.wait_for_frame("Pay now")
        assert browser.run("return document.documentElement.scrollWidth") <= 400
        browser.screenshot("player-narrow-dark")
        browser.resize(1280, 800)
        browser.wait("innerWidth === 1280")
        browser.screenshot("player-dark")
    finally:
        browser.resize(1280, 800)
        browser.dark(False)


def test_every_real_recording_is_drawn_at_any_moment(witness, browser, recordings):
    for name, events in recordings.items():
        number = witness.begin(activity=name)
        for start in range(0, len(events), 50):
            assert witness.post(number, events[start : start + 50]).status in (200, 201), name
        assert witness.ask("POST", f"/v1/recordings/{number}/end").status == 200
        has_snapshot = "snapshot" in witness.show(number)["has"]
        browser.open(witness, f"/recordings/{number}")
        for part in (None, 0.5, 0.99, 0.02):
            if part is not None:
                browser.click_at("#timeline", part)
            if has_snapshot:
                browser.wait(
                    "document.querySelector('#cover').hidden"
                    " && document.querySelector('#screen iframe')?.contentDocument?.body != null"
                )
        # What the recorded page would load from elsewhere is held back, and Chromium says so.
        sources = tuple(f"http://127.0.0.1:{witness.port}/{place}/" for place in ("assets", "v1"))
        own = [text for text in browser.complaints() if text.startswith(sources) and "Content Security Policy" not in text]
        assert own == [], name


def test_a_compaction_while_somebody_watches_is_not_noticed(household, browser, recordings):
    daemon = household.start(configuration="[compaction]\nautomatic = no\n")
    events = recordings["pascal.json"]
    number = daemon.begin()
    for start in range(0, len(events), 50):
        assert daemon.post(number, events[start : start + 50]).status == 201
    assert daemon.ask("POST", f"/v1/recordings/{number}/end").status == 200
    before = daemon.ask("GET", f"/v1/recordings/{number}/chunks").json
    browser.open(daemon, f"/recordings/{number}?t=0")
    shown = "document.querySelector('#cover').hidden && document.querySelector('#screen iframe')?.contentDocument?.body != null"
    browser.wait(shown)
    assert daemon.ask("POST", "/v1/store/compact").status == 200
    after = daemon.ask("GET", f"/v1/recordings/{number}/chunks").json
    assert after["generation"] != before["generation"]
    browser.click_at("#timeline", 0.99)
    browser.wait(f"performance.getEntriesByType('resource').some((e) => e.name.includes('generation={after['generation']}'))")
    browser.wait(shown)
    assert not browser.find("#notice").is_displayed()
    assert any("409" in text for text in browser.complaints()), "the page asked for nothing by the old table"
