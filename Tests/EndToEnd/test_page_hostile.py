"""A hostile recording in the player: nothing of it runs, leaves, or is loaded."""

import http.server
import threading

import pytest

from pages import Page, event, slices

BOOBY_TRAP = "top.document.title='caught';parent.localStorage.caught='1';fetch('{out}/script')"


@pytest.fixture(scope="module")
def outside():
    """A server elsewhere, which notes each request."""
    seen = []
    script = BOOBY_TRAP.replace("{out}", "")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if self.path == "/unguarded" else "text/plain")
            self.end_headers()
            if self.path == "/unguarded":
                self.wfile.write(f"<h1>Unguarded</h1><img src=/image.png><img src=nothing: onerror=\"{script}\">".encode())

        do_POST = do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.seen = seen
    yield server
    server.shutdown()


def hostile(out: str, has_canvas: bool) -> list[dict]:
    page = Page("https://evil.example/")
    trap = BOOBY_TRAP.replace("{out}", out)
    make = page.element
    svg = {"isSVG": True}
    head = [
        make("meta", {"http-equiv": "refresh", "content": f"0;url={out}/refresh"}),
        make("base", {"href": f"{out}/"}),
        make("link", {"rel": "stylesheet", "href": f"{out}/link.css"}),
        make("link", {"rel": "preload", "as": "script", "href": f"{out}/preload.js"}),
        make("style", {}, page.text(f"@import url({out}/import.css); body{{background:url({out}/background.png)}}", isStyle=True)),
        make("link", {"_cssText": f"@font-face{{font-family:f;src:url({out}/font.woff)}} *{{font-family:f;list-style:url({out}/list.png)}}"}),
    ]
    body = [
        make("h1", {"onclick": trap, "onmouseover": trap}, "Hostile"),
        *(make(tag, {}, page.text(trap)) for tag in ("script", "SCRIPT", "Script")),
        *(make(tag, {"src": f"{out}/script.js"}) for tag in ("script", "SCRIPT", "embed", "video", "audio", "img", "iframe", "frame")),
        make("SCRIPT", {"src": "/assets/list.js", "type": "module"}),
        make("img", {"src": "nothing:", "onerror": trap, "srcset": f"{out}/srcset.png 2x"}),
        make("img", {"rr_dataURL": f"{out}/data-url.png"}),
        make("body", {"onload": trap}),
        make("iframe", {"src": f"javascript:{trap}"}),
        make("iframe", {"srcdoc": f"<script>{trap}</script><img src='{out}/srcdoc.png' onerror=\"{trap}\">"}),
        make("iframe", {"src": f"data:text/html,<script>{trap}</script>"}),
        make("object", {"data": f"{out}/object.svg"}),
        make("a", {"href": f"javascript:{trap}", "id": "link", "autofocus": "", "onfocus": trap}, "link"),
        make("form", {"action": f"{out}/form", "id": "form"}, make("input", {"name": "a", "autofocus": "", "onfocus": trap}), make("button", {"formaction": f"javascript:{trap}"}, "send")),
        make("details", {"open": "", "ontoggle": trap}, "details"),
        make("svg", {"onload": trap}, make("script", {}, page.text(trap), **svg), make("SCRIPT", {"href": f"{out}/svg.js"}, **svg),
             make("image", {"href": f"{out}/svg.png"}, **svg), make("animate", {"onbegin": trap, "attributeName": "x", "dur": "1s"}, **svg),
             make("foreignObject", {}, make("img", {"src": "nothing:", "onerror": trap}), **svg), **svg),
        make("canvas", {"id": "canvas", "rr_dataURL": f"{out}/canvas.png"}),
        make("template", {"shadowrootmode": "open"}, make("script", {}, page.text(trap))),
        make("custom-element", {"onfocus": trap, "tabindex": "0", "style": f"background:url({out}/style.png)"}),
        make("marquee", {"onstart": trap}, "m"), make("math", {"href": f"javascript:{trap}"}, "m"),
        make("div", {"rr_onclick": trap, "rr_src": f"javascript:{trap}"}),
    ]  # fmt: skip
    events = page.opened(0, body, head)
    link = page.ids["link"]
    events += [
        event(0.2, 3, source=2, type=2, id=link, x=5, y=5),
        event(0.3, 3, source=2, type=5, id=link),
        event(0.4, 3, source=0, texts=[], removes=[], attributes=[
            {"id": link, "attributes": {"onclick": trap, "href": f"javascript:{trap}", "style": {"background": f"url({out}/mutated.png)"}}}],
            adds=[{"parentId": page.ids["form"], "nextId": None, "node": {"type": 2, "tagName": "script", "attributes": {}, "childNodes": [], "id": 901}},
                  {"parentId": 901, "nextId": None, "node": {"type": 3, "textContent": trap, "id": 902}},
                  {"parentId": page.ids["form"], "nextId": None, "node": {"type": 2, "tagName": "img", "attributes": {"src": f"{out}/added.png", "onerror": trap}, "childNodes": [], "id": 903}}]),
        event(0.5, 3, source=8, id=link, adds=[{"rule": f"body{{background:url({out}/rule.png)}}", "index": 0}]),
        event(0.6, 3, source=10, family="g", fontSource=f"url({out}/fontface.woff)", buffer=False),
        event(0.7, 3, source=15, id=1, styles=[{"styleId": 1, "rules": [{"rule": f"body{{background:url({out}/adopted.png)}}"}]}], styleIds=[1]),
    ]  # fmt: skip
    if has_canvas:
        script = {"rr_type": "Blob", "data": [{"rr_type": "ArrayBuffer", "base64": ""}]}
        events += [
            event(0.8, 3, source=9, id=page.ids["canvas"], type=0, property="constructor", args=[trap]),
            event(0.9, 3, source=9, id=page.ids["canvas"], type=0, commands=[
                {"property": "constructor", "args": [trap]}, {"property": "fillStyle", "args": ["red"], "setter": True},
                {"property": "drawImage", "args": [{"rr_type": "HTMLImageElement", "src": f"{out}/drawn.png"}, 0, 0]},
                {"property": "drawImage", "args": [{"rr_type": "ImageBitmap", "args": [script]}, 0, 0]}]),
        ]  # fmt: skip
    return [*events, event(5, 3, source=1, positions=[{"x": 9, "y": 9, "id": link, "timeOffset": 0}])]


@pytest.mark.parametrize("has_canvas", [False, True], ids=["plain", "with canvas"])
def test_a_hostile_recording_runs_nothing_loads_nothing_and_goes_nowhere(household, browser, outside, has_canvas):
    daemon = household.start()
    out = f"http://127.0.0.1:{outside.server_port}"
    outside.seen.clear()
    number = daemon.begin(user="<img src=x onerror=\"document.title='caught'\">", notes="</textarea><script>1</script>")
    assert daemon.post(number, slices(hostile(out, has_canvas))).status == 201
    # One that goes on would play by itself.
    assert daemon.ask("POST", f"/v1/recordings/{number}/end").status == 200
    browser.open(daemon, f"/recordings/{number}")
    browser.wait_for_frame("Hostile")
    address = browser.driver.current_url.split("?")[0]
    for part in (0.5, 0.99, 0.05):
        browser.click_at("#timeline", part)
        browser.wait("document.querySelector('#cover').hidden")
    browser.find("#play").click()
    browser.wait("document.querySelector('#now').innerText === '0:05'")
    browser.wait_for_frame("Hostile")
    for panel in ("console", "network", "about", "raw", "activity"):
        browser.find(f"#tab-{panel}").click()
    browser.screenshot("hostile")
    assert outside.seen == []
    assert [url for url in browser.requests() if url.startswith(out)] == []
    assert browser.driver.title != "caught" and browser.run("return localStorage.caught ?? null") is None
    assert browser.driver.current_url.split("?")[0] == address
    assert len(browser.driver.window_handles) == 1


def test_the_traps_catch_a_page_that_nothing_guards(browser, outside):
    outside.seen.clear()
    browser.driver.get(f"http://127.0.0.1:{outside.server_port}/unguarded")
    browser.wait("document.title === 'caught' && localStorage.caught === '1'")
    while not {"/image.png", "/script"} <= set(outside.seen):
        browser.driver.execute_async_script("setTimeout(arguments[0], 20)")
    assert f"http://127.0.0.1:{outside.server_port}/image.png" in browser.requests()
