"""The matcher that the other tests trust: it takes what is equal, and nothing else."""

import pytest

from events import assert_holds, cut

EVENTS = [b'{"a":"}\\"{","b":[{}]}', b'{ "c" : 1.0 }', b"{}"]


@pytest.mark.parametrize("gap", [b",", b",\n", b" , ", b"\n,\n"])
def test_commas_and_white_space_between_events_do_not_matter(gap):
    document = b"[" + gap.join(EVENTS) + b"]"
    assert cut(document) == EVENTS
    assert_holds(document, EVENTS)


@pytest.mark.parametrize(
    "served",
    [
        b'[{"a":"}\\"{","b":[{}]},{"c":1.0},{}]',
        b'[{"a":"}\\"{","b":[{}]},{ "c" : 1 },{}]',
        b'[{ "c" : 1.0 },{"a":"}\\"{","b":[{}]},{}]',
        b'[{"a":"}\\"{","b":[{}]},{ "c" : 1.0 }]',
        b'[{"a":"}\\"{","b":[{}]},{ "c" : 1.0 },{},{}]',
        b'[{"a":"}\\"{","b":[{}]},{ "c" : 1.0 }{}]',
        b'[{"a":"}\\"{","b":[{}]},{ "c" : 1.0 },{}',
        b"[]",
        b"",
    ],
    ids=["blanks", "number", "order", "missing", "surplus", "comma", "open", "empty", "nothing"],
)
def test_every_other_difference_is_found(served):
    with pytest.raises(AssertionError):
        assert_holds(served, EVENTS)
