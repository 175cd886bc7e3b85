"""Stores and books made wrong on purpose: the judge must find each."""

import copy

from power.book import GLUE, Book, Recording, batch
from power.judge import judge


def unfound(book: Book, ask) -> list[str]:
    """The ways of being wrong that the judge did not find, of a store in which it finds nothing else.

    ask: as for `judge`.
    """
    kept = [one for one in book.recordings.values() if one.number and one.batches > 1 and not one.asked_to_erase]
    one = kept[len(kept) // 2]
    target = f"/v1/recordings/{one.number}/events"
    first, second = (GLUE.join(batch(one.id, number)) for number in (0, 1))

    def served(change) -> list:
        """What is found where that recording's text is changed."""

        def altered(method: str, asked: str):
            status, text = ask(method, asked)
            return status, change(text) if asked == target else text

        return judge(book, altered)

    def said(change) -> list:
        """What is found where more was answered than the store has."""
        claimed = copy.deepcopy(book)
        change(claimed.recordings)
        return judge(claimed, ask)

    found = {
        "a batch that is gone": served(lambda text: text.replace(second, b"").replace(GLUE + GLUE, GLUE)),
        "a batch that is there twice": served(lambda text: text.replace(first, first + GLUE + first)),
        "batches out of order": served(
            lambda text: text.replace(first + GLUE + second, second + GLUE + first)),
        "a byte that is another": served(lambda text: text.replace(b'"type":3', b'"type":2', 1)),
        "half a batch": served(lambda text: text[: len(text) - len(text) // 10]),
        "an event that nobody sent": served(lambda text: text[:-1] + GLUE + b"{}]"),
        "an answered batch that never came": said(lambda all: setattr(all[one.id], "batches", one.batches + 2)),
        "an end that did not hold": said(lambda all: [setattr(each, "has_ended", True) for each in all.values()]),
        "an erasure that did not hold": said(lambda all: setattr(all[one.id], "is_erased", True)),
        "a recording that never began": said(lambda all: all.update({"x": Recording("x", number=1 << 30)})),
        "a recording that nobody began": said(lambda all: all.pop(one.id)),
    }  # fmt: skip
    return [what for what, findings in found.items() if not findings]
