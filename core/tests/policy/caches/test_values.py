"""Answers become JSON and come back as they were; whatever else is there is refused."""

from __future__ import annotations

import json
import pickle
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.policy.caches import Unfit, read_answer, write_answer
from jackfield.types import (
    Attempt,
    Audio,
    CachePoint,
    Choice,
    Citation,
    Completion,
    Document,
    Embeddings,
    Finish,
    Image,
    Notice,
    Opaque,
    Other,
    Reasoning,
    Refusal,
    Text,
    TokenLogprob,
    ToolCall,
    ToolResult,
    Usage,
    Video,
)

OPAQUE = Opaque("acme", "messages", {"signature": "s", "n": [1, None, {"x": True}]})
PARTS = (
    Text("hi ✓", (Citation(url="https://x", start=0, end=2, raw={"a": 1}),), OPAQUE),
    Reasoning("because", OPAQUE),
    Refusal("no"),
    Image("image/png", data=b"\x00\xff", detail="low"),
    Audio("audio/wav", url="https://x/a.wav", transcript="la"),
    Video("video/mp4", file_id="f"),
    Document("application/pdf", data=b"", name="d.pdf", citations=True),
    ToolCall("c1", "f", '{"x": 1}', hosted=True, opaque=OPAQUE),
    ToolResult("c1", (Text("42"), Image("image/png", url="https://x")), error=True),
    CachePoint("5m"),
    Other("new", OPAQUE),
)
WHOLE = Completion(
    PARTS,
    Finish("stop", "end_turn"),
    Usage(input=10, output=5, cache_read=3, tier="priority", more={"images_out": 1, "seconds_in": 0.5}),
    "m-1",
    "acme",
    "id-1",
    "req-1",
    Decimal("0.001230"),
    None,
    (Notice("a", "b"),),
    (),
    (Choice((Text("other"),), Finish("length"), (TokenLogprob("x", -1.5),)),),
    (TokenLogprob("hi", -0.1, (("hi", -0.1), ("ho", -2.0))),),
)


def test_an_answer_comes_back_as_it_was():
    """Every kind of part, every figure, to the last digit."""
    assert read_answer(write_answer(WHOLE)) == WHOLE


def test_vectors_come_back_as_they_were():
    """Answers to other questions are kept, too."""
    found = Embeddings(((0.1, -2.5), (1.0, 0.0)), usage=Usage(input=3), model="e", charge=Decimal("1E-9"))

    assert read_answer(write_answer(found)) == found


def test_what_belongs_to_the_call_is_not_kept():
    """What was sent besides, and how the answer came about."""
    made = Completion((Text("hi"),), raw=object(), attempts=(Attempt(1, 0.1),), value=object())

    found = read_answer(write_answer(made))

    assert (None, (), None) == (found.raw, found.attempts, found.value)


def test_what_is_as_usual_takes_no_room():
    """Fields that are as the class makes them are left out."""
    assert len(write_answer(Completion((Text("hi"),)))) < 100


def test_what_is_no_json_is_not_kept():
    """A payload that only this process understands."""
    with pytest.raises(Unfit):
        write_answer(Completion((Other("x", Opaque("a", "b", {"x": object()})),)))


class Evil:
    """Would run code if it were unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("it was run",))


DATA = json.loads(write_answer(WHOLE))
BROKEN = [
    b"",
    b"\x80\x04",
    pickle.dumps(Evil()),
    write_answer(WHOLE)[:-7],
    b"[]",
    b"null",
    b'{"form": 1}',
    b'{"form": 2, "kind": "Completion", "answer": {"parts": []}}',
    b'{"form": 1, "kind": "Path", "answer": {}}',
    b'{"form": 1, "kind": "Completion", "answer": {}}',
    b'{"form": 1, "kind": "Completion", "answer": {"parts": [{"part": "Path"}]}}',
    b'{"form": 1, "kind": "Completion", "answer": {"parts": [{"part": "Text", "text": 3}]}}',
    b'{"form": 1, "kind": "Completion", "answer": {"parts": [{"part": "Text", "text": "x", "evil": 3}]}}',
    b'{"form": 1, "kind": "Completion", "answer": {"parts": [{"part": "Image", "media_type": "x", "data": "?"}]}}',
    b'{"form": 1, "kind": "Completion", "answer": {"parts": [{"part": "Image", "media_type": "x"}]}}',
    b'{"form": 1, "kind": "Completion", "answer": {"parts": [], "charge": "NaN"}}',
    b'{"form": 1, "kind": "Completion", "answer": {"parts": [], "charge": "-1"}}',
    b'{"form": 1, "kind": "Completion", "answer": {"parts": [], "charge": "x"}}',
    b'{"form": 1, "kind": "Completion", "answer": {"parts": [], "finish": {"reason": "hm"}}}',
    b'{"form": 1, "kind": "Completion", "answer": {"parts": [], "usage": {"input": true}}}',
    b'{"form": 1, "kind": "Completion", "answer": {"parts": [], "logprobs": [{"token": "a", "logprob": 1, "top": [["a"]]}]}}',
    b'{"form": 1, "kind": "Completion", "answer": {"parts": "abc"}}',
]


@pytest.mark.parametrize("data", BROKEN)
def test_what_is_not_whole_is_refused(data):
    """Nothing of it is run, guessed or let through."""
    with pytest.raises(Unfit):
        read_answer(data)


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def places(value, path=()):
    """Every place of a tree."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from places(inner, (*path, name))


PLACES = [path for path in places(DATA) if path]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), TREES)
def test_any_change_is_refused_or_makes_another_whole_answer(path, value):
    """Whatever stands at any place, nothing but a refusal or an answer comes of it."""
    changed = json.loads(json.dumps(DATA))
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value

    try:
        found = read_answer(json.dumps(changed).encode())
    except Unfit:
        return

    assert isinstance(found, Completion)
    assert read_answer(write_answer(found)) == found
