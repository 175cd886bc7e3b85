"""The list of recordings, in Chromium."""

import pytest
from selenium.webdriver.common.keys import Keys

from pages import shop, slices

ROWS = "document.querySelectorAll('tbody tr').length"


@pytest.fixture(scope="module")
def witness(shared_household):
    daemon = shared_household.start()
    for number in range(1, 131):
        recording = daemon.begin(user=f"user{number % 10}@example.org", tags=["checkout"] if number % 13 == 0 else [])
        if number > 100:
            for index, batch in enumerate(shop()):
                assert daemon.post(recording, slices(batch), "w", index).status == 201
        if number % 3:
            assert daemon.ask("POST", f"/v1/recordings/{recording}/end").status == 200
    assert daemon.ask("DELETE", "/v1/recordings/129").status == 200
    return daemon


def test_a_reader_without_the_token_is_asked_for_it_once(witness, browser):
    browser.open(witness, "/")
    browser.wait(f"{ROWS} > 0")
    browser.forget()
    browser.open(witness, "/", token=None)
    browser.wait("document.querySelector('#sign-in').open")
    assert browser.run(f"return {ROWS}") == 0
    browser.screenshot("sign-in")
    browser.find("#token").send_keys("nonsense" + Keys.ENTER)
    browser.wait("document.querySelector('#sign-in').open && !document.querySelector('#sign-in-refused').hidden")
    browser.find("#token").send_keys(witness.token + Keys.ENTER)
    browser.wait(f"{ROWS} > 0")
    browser.open(witness, "/", token=None)
    browser.wait(f"{ROWS} > 0")


def test_the_token_of_a_link_leaves_the_address(witness, browser):
    browser.open(witness, "/?user=user1%40example.org")
    browser.wait(f"{ROWS} > 0")
    assert browser.driver.current_url == f"http://127.0.0.1:{witness.port}/?user=user1%40example.org"


def test_the_newest_come_first_and_scrolling_gets_all_of_them(witness, browser):
    browser.open(witness, "/")
    browser.wait(f"{ROWS} >= 50")
    assert browser.texts("tbody tr .hash")[:3] == ["#130", "#128", "#127"]
    browser.screenshot("list")
    browser.wait(f"(scrollTo(0, document.body.scrollHeight), {ROWS} === 129)")
    assert browser.texts("tbody tr .hash")[-1] == "#1"
    assert browser.texts("#end") == ["129 recordings"]
    assert browser.complaints() == []


def test_a_row_says_what_happened(witness, browser):
    browser.open(witness, "/?user=user0%40example.org")
    browser.wait(f"{ROWS} > 0")
    text = browser.texts("tbody tr")[0]
    for part in ("#130", "user0@example.org", "shop.example/cart", "1 min 20 s", "checkout"):
        assert part in text, text
    numbers = browser.texts("tbody tr:first-child td.number")
    shown = witness.show(130)
    assert [int(number) for number in numbers[1:4]] == [
        shown["pages"], shown["clicks"], shown["console_errors"] + shown["failed_requests"],
    ]  # fmt: skip
    assert browser.run("return document.querySelector('tbody tr a.open').getAttribute('href')") == "/recordings/130"


def test_filters_and_the_address_say_the_same(witness, browser):
    browser.open(witness, "/")
    browser.wait(f"{ROWS} > 0")
    browser.find("summary").click()
    browser.find("[name=user]").send_keys("user3@example.org")
    browser.screenshot("list-filters")
    browser.find("[name=user]").send_keys(Keys.ENTER)
    browser.wait(f"{ROWS} === 13")
    assert browser.driver.current_url.endswith("/?user=user3%40example.org")
    assert browser.texts("#filter-count") == ["1"]
    browser.driver.back()
    browser.wait(f"{ROWS} >= 50")
    assert browser.run("return document.querySelector('[name=user]').value") == ""
    browser.open(witness, "/?tag=checkout&status=ended")
    browser.wait(f"{ROWS} > 0 && document.querySelector('#end').innerText !== 'Loading …'")
    assert browser.run("return document.querySelector('[name=status]').value") == "ended"
    assert browser.texts("tbody tr .hash") == ["#130", "#104", "#91", "#65", "#52", "#26", "#13"]


def test_what_cannot_be_asked_is_told_in_the_daemons_words(witness, browser):
    browser.open(witness, "/?since=yesterday")
    browser.wait("!document.querySelector('#notice').hidden")
    assert "since" in browser.texts("#notice")[0]
    browser.open(witness, "/?user=nobody")
    browser.wait("document.querySelector('#end').innerText.startsWith('No recording')")
    browser.open(witness, "/?status=erased")
    browser.wait(f"{ROWS} === 1")
    assert "#129" in browser.texts("tbody tr")[0] and "erased" in browser.texts("tbody tr")[0]


def test_it_can_be_read_on_a_narrow_screen_and_in_the_dark(witness, browser):
    browser.resize(400, 800)
    browser.dark(True)
    try:
        browser.open(witness, "/")
        browser.wait(f"{ROWS} > 0")
        assert browser.run("return document.documentElement.scrollWidth") <= 400
        browser.screenshot("list-narrow-dark")
    finally:
        browser.resize(1280, 800)
        browser.dark(False)
