"""Recordings of made-up pages: rrweb's events, of pages written as nested elements."""

import itertools
import json

START = 1_763_700_000_000


class Page:
    """One page; its nodes get the numbers that rrweb would give them."""

    def __init__(self, href: str, width: int = 1000, height: int = 600):
        self.href, self.width, self.height = href, width, height
        self.numbers = itertools.count(1)
        self.ids: dict[str, int] = {}

    def text(self, content: str, **members) -> dict:
        return {"type": 3, "textContent": content, "id": next(self.numbers)} | members

    def element(self, tag: str, attributes: dict | None = None, *children, **members) -> dict:
        attributes = attributes or {}
        number = next(self.numbers)
        if "id" in attributes:
            self.ids[attributes["id"]] = number
        nodes = [self.text(child) if isinstance(child, str) else child for child in children]
        return {"type": 2, "tagName": tag, "attributes": attributes, "childNodes": nodes, "id": number} | members

    def document(self, body: list, head: list | None = None) -> dict:
        doctype = {"type": 1, "name": "html", "publicId": "", "systemId": "", "id": next(self.numbers)}
        html = self.element("html", {}, self.element("head", {}, *(head or [])), self.element("body", {}, *body))
        return {"type": 0, "childNodes": [doctype, html], "id": next(self.numbers)}

    def opened(self, at: float, body: list, head: list | None = None) -> list[dict]:
        """A Meta and a full snapshot; `at` is in seconds from the start."""
        return [
            event(at, 4, href=self.href, width=self.width, height=self.height),
            event(at + 0.01, 2, node=self.document(body, head), initialOffset={"left": 0, "top": 0}),
        ]


def event(at: float, kind: int, **data) -> dict:
    return {"type": kind, "timestamp": START + round(at * 1000), "data": data}


def click(at: float, node: int, x: int = 100, y: int = 100) -> list[dict]:
    return [
        event(at - 0.05, 3, source=1, positions=[{"x": x, "y": y, "id": node, "timeOffset": 0}]),
        event(at, 3, source=2, type=2, id=node, x=x, y=y, pointerType=0),
    ]


def typed(at: float, node: int, text: str) -> dict:
    return event(at, 3, source=5, id=node, text=text, isChecked=False)


def logged(at: float, level: str, *words: str) -> dict:
    payload = {"level": level, "trace": ["pay (shop.js:10:4)"], "payload": [json.dumps(word) for word in words]}
    return event(at, 6, plugin="rrweb/console@1", payload=payload)


def requested(at: float, method: str, name: str, status: int, duration: int) -> dict:
    request = {"name": name, "method": method, "status": status, "duration": duration, "initiatorType": "fetch"}
    return event(at, 6, plugin="rrweb/network@1", payload={"requests": [request]})


def slices(events: list[dict]) -> list[bytes]:
    return [json.dumps(one).encode() for one in events]


_STYLE = """body{font:16px sans-serif;margin:0;background:#f4f1ea;color:#222}header{background:#22543d;color:#fff;padding:18px 32px}
main{display:grid;grid-template-columns:1fr 1fr;gap:24px;padding:32px}.card{background:#fff;border-radius:10px;padding:20px}
button{background:#22543d;color:#fff;border:0;border-radius:6px;padding:10px 18px;font-size:16px}input{padding:9px;width:90%}"""


def shop() -> list[list[dict]]:
    """Somebody fails to pay, is angry, goes away for a minute, and then it works: three batches, 80 seconds."""
    shop = Page("https://shop.example/cart")
    style = shop.element("style", {}, shop.text(_STYLE, isStyle=True))
    body = [
        shop.element("header", {}, "Tea & Kettles"),
        shop.element(
            "main", {},
            shop.element("div", {"class": "card"}, shop.element("h2", {}, "Your cart"), shop.element("p", {}, "Kettle, green"), shop.element("p", {}, "Total 48.00")),
            shop.element("div", {"class": "card"}, shop.element("h2", {}, "Pay"),
                shop.element("p", {}, shop.element("input", {"id": "email", "type": "email", "placeholder": "E-mail"})),
                shop.element("button", {"id": "pay"}, shop.element("span", {"id": "word"}, "Pay now")), shop.element("p", {"id": "said"}, "Free delivery")),
        ),
    ]  # fmt: skip
    opened = shop.opened(0, body, [style])
    pay, email, word = (shop.ids[name] for name in ("pay", "email", "word"))
    first = [
        *opened,
        *click(2, email, 560, 170),
        typed(3, email, "***"), typed(3.5, email, "*******"),
        *click(5, word, 560, 220),
        requested(5.4, "POST", "https://shop.example/api/pay", 500, 380),
        logged(5.5, "error", "payment failed", "no connection"),
    ]  # fmt: skip
    second = [
        requested(6, "GET", "https://shop.example/api/cart", 200, 40),
        logged(6.2, "warn", "trying again"),
        *(item for at in (10, 10.3, 10.6) for item in click(at, word, 560, 220)),
        event(12, 3, source=0, texts=[], attributes=[{"id": shop.ids["said"], "attributes": {"style": "color:#c00"}}],
              removes=[], adds=[{"parentId": shop.ids["said"], "nextId": None, "node": {"type": 3, "textContent": " Please wait.", "id": 900}}]),
    ]  # fmt: skip
    thanks = Page("https://shop.example/thanks")
    body = [
        thanks.element("header", {}, "Tea & Kettles"),
        thanks.element("main", {}, thanks.element("div", {"class": "card"}, thanks.element("h1", {}, "Thank you"), thanks.element("p", {}, "Your kettle is on its way."))),
    ]
    third = [
        *thanks.opened(70, body, [thanks.element("style", {}, thanks.text(_STYLE, isStyle=True))]),
        event(75, 5, tag="order", payload={"total": 48}),
        event(80, 3, source=1, positions=[{"x": 300, "y": 300, "id": 5, "timeOffset": 0}]),
    ]
    return [first, second, third]
