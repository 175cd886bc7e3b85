"""The recorder in Chromium: what it sends, what it must never send, and how it gets over an outage."""

import gzip
import json

import pytest

from site_pages import Site

BODY = """<h1 id="title">Order</h1><p id="secret" data-reeld-mask>Card 4111</p><p data-reeld-block>Blocked words</p>
<input id="name"><input id="password" type="password"><input type="hidden" value="hidden-value">
<button id="button">Send</button><button id="throw" onclick="throw new Error('uncaught')">Throw</button><div id="list"></div>"""
TAG = '<!doctype html><html><head><script src="/reeld/recorder.js" {}></script></head><body>{}</body></html>'


@pytest.fixture
def site(household):
    site = Site(household.start(), {"/": TAG.format('data-project="shop"', BODY), "/bare": TAG.format("", BODY)})
    yield site
    site.close()


def open_at(browser, site, path="/?id=77&q=tea"):
    browser.driver.get("about:blank")
    browser.complaints()
    browser.driver.get(site.address + path)


def flush(browser):
    """The page goes, and with it by beacons what was not sent yet."""
    browser.driver.get("about:blank")


def recorded(browser, site, number=1, count=1):
    """The events of a recording once it has so many."""
    for _ in range(1_000):
        answer = site.daemon.ask("GET", f"/v1/recordings/{number}/events")
        if answer.status == 200 and len(answer.json) >= count:
            return answer.json
        browser.driver.execute_async_script("setTimeout(arguments[0], 20)")
    raise AssertionError(f"{answer.status}: {answer.body[:500]}")


def wait_begun(browser, site):
    browser.wait("window.reeld.link() !== null")


def test_a_page_with_the_tag_is_recorded_and_replays(site, browser):
    open_at(browser, site)
    browser.wait("document.readyState === 'complete'")
    wait_begun(browser, site)
    browser.run("document.querySelector('#list').append('added later')")
    browser.find("#button").click()
    flush(browser)
    events = recorded(browser, site, count=5)
    assert {2, 3, 4} <= {event["type"] for event in events}
    shown = site.daemon.show(1)
    assert (shown["project"], shown["clicks"], shown["pages"]) == ("shop", 1, 1)
    assert shown["first_url"] == f"{site.address}/?id=***&q=***"
    browser.open(site.daemon, "/recordings/1?t=600")
    browser.wait_for_frame("added later")


def test_what_is_secret_never_leaves_the_page(site, browser):
    open_at(browser, site)
    wait_begun(browser, site)
    browser.find("#name").send_keys("Zoe Example")
    browser.find("#password").send_keys("hunter22")
    browser.run("document.querySelector('#password').type = 'text'")
    browser.find("#password").send_keys("afterwards")
    browser.run("document.querySelector('[type=hidden]').value = 'hidden-later'")
    flush(browser)
    recorded(browser, site, count=5)
    text = site.daemon.events_text(1).decode()
    for word in ("Zoe", "hunter", "afterwards", "4111", "Blocked words", "hidden-value", "hidden-later", "id=77", "tea"):
        assert word not in text, word
    assert "Order" in text


def test_console_errors_requests_and_pages_are_events(site, browser):
    open_at(browser, site)
    wait_begun(browser, site)
    browser.run("console.error('it failed', {a: 1})")
    browser.find("#throw").click()
    browser.run("fetch('/missing?secret=1'); const r = new XMLHttpRequest(); r.open('POST', '/api'); r.send('body')")
    browser.run("history.pushState(null, '', '/second'); reeld.event('paid', {total: 48}); reeld.identify('zoe')")
    browser.run("window.later = 0; setTimeout(() => window.later = 1, 500)")
    browser.wait("window.later === 1")
    flush(browser)
    events = recorded(browser, site, count=8)
    console = [e["data"]["payload"] for e in events if e["type"] == 6 and "console" in e["data"]["plugin"]]
    assert [json.loads(part) for part in console[0]["payload"]] == ["it failed", '{"a":1}']
    assert any("uncaught" in str(line["payload"]) for line in console)
    requests = [e["data"]["payload"]["requests"][0] for e in events if e["type"] == 6 and "network" in e["data"]["plugin"]]
    assert {(r["method"], r["name"], r["status"]) for r in requests} == {
        ("GET", f"{site.address}/missing?secret=***", 404), ("POST", f"{site.address}/api", 500),
    }  # fmt: skip
    custom = {e["data"]["tag"]: e["data"]["payload"] for e in events if e["type"] == 5}
    assert custom["url"] == {"href": f"{site.address}/second"}
    assert custom["paid"] == {"total": 48} and custom["reeld.identify"] == {"user": "zoe"}
    shown = site.daemon.show(1)
    assert shown["console_errors"] >= 2 and shown["failed_requests"] == 2


def test_an_outage_loses_nothing_and_stores_nothing_twice(site, browser):
    open_at(browser, site)
    wait_begun(browser, site)
    site.is_out = True
    browser.run("for (let i = 0; i < 40; i += 1) reeld.event('n', {i, padding: 'x'.repeat(4000)})")
    browser.wait("performance.getEntriesByType('resource').filter((e) => e.name.includes('/events')).length > 1")
    site.is_out = False
    stored = [e for e in recorded(browser, site, count=40) if e["type"] == 5 and e["data"]["tag"] == "n"]
    for _ in range(500):
        if len(stored) >= 40:
            break
        browser.driver.execute_async_script("setTimeout(arguments[0], 50)")
        stored = [e for e in recorded(browser, site) if e["type"] == 5 and e["data"]["tag"] == "n"]
    assert [e["data"]["payload"]["i"] for e in stored] == list(range(40))


def test_what_the_daemon_refuses_for_good_is_dropped_and_told(site, browser):
    open_at(browser, site)
    wait_begun(browser, site)
    problem = json.dumps({"type": "urn:reeld:problem:event-too-large", "detail": "too large", "status": 413}).encode()
    site.instead.append((413, problem))
    browser.run("reeld.event('big', {padding: 'x'.repeat(70000)})")
    browser.wait("performance.getEntriesByType('resource').filter((e) => e.name.includes('/events')).length > 1")
    browser.run("reeld.event('after', {padding: 'x'.repeat(70000)})")
    for _ in range(500):
        tags = {e["data"]["tag"]: e["data"].get("payload") for e in recorded(browser, site) if e["type"] == 5}
        if "after" in tags and "reeld.dropped" in tags:
            break
        browser.driver.execute_async_script("setTimeout(arguments[0], 50)")
        browser.run("reeld.event('more', {padding: 'x'.repeat(70000)})")
    # All of the batch that was refused, whatever else the page put into it.
    (refused,) = [body for path, _, body in site.posts if path.split("?")[0].endswith("/events") and b"big" in plain(body)]
    assert tags["reeld.dropped"] == {"events": len(json.loads(plain(refused)))} and "big" not in tags


def plain(body: bytes) -> bytes:
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def test_a_reload_goes_on_in_the_same_recording(site, browser):
    open_at(browser, site)
    wait_begun(browser, site)
    browser.driver.refresh()
    wait_begun(browser, site)
    browser.run("reeld.event('again')")
    flush(browser)
    events = recorded(browser, site, count=5)
    assert len([e for e in events if e["type"] == 2]) == 2
    assert site.daemon.figures()["recordings"] == 1


def test_nothing_is_recorded_without_consent_or_after_stop(site, browser):
    open_at(browser, site, "/bare")
    browser.run("reeld.init({endpoint: '/reeld', consent: 'required', console: ''})")
    browser.run("reeld.event('early')")
    assert browser.run("return reeld.link()") is None
    browser.run("reeld.consent(true); reeld.event('given')")
    wait_begun(browser, site)
    browser.run("reeld.stop(); reeld.event('late')")
    flush(browser)
    tags = [e["data"]["tag"] for e in recorded(browser, site, count=3) if e["type"] == 5]
    assert tags == ["given"]
    assert site.daemon.figures()["recordings"] == 1
