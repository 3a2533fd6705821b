"""The guess at a number of tokens: its order, its bounds, its speed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.profile.counting import Counting
from jackfield.tokens import Estimate, estimate, estimate_text
from jackfield.tokens.estimate import around, likely_tokens, media, texts
from jackfield.types import (
    Audio,
    Document,
    HostedTool,
    Image,
    Message,
    Output,
    Reasoning,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)

WORDS = "Name three rivers of Europe and the seas that they flow into."
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=300)


def asked(*parts, **more):
    return Request("m", (Message("user", parts),), **more)


@settings(deadline=None)
@given(TEXTS)
def test_bounds_are_in_order(text):
    """At least, probably, at most, whatever the characters, half a surrogate pair too."""
    low, likely, high = estimate_text(text)

    assert 0 <= low <= likely + 1
    assert likely <= high


@settings(deadline=None)
@given(TEXTS)
def test_the_middle_figure_alone_is_the_same(text):
    """Asked for by itself, it costs less and says no other."""
    assert estimate_text(text).likely == likely_tokens(text)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_more_text_is_no_fewer_tokens(text, more):
    """Something added never makes it less."""
    assert estimate_text(text).high <= estimate_text(text + more).high
    assert estimate_text(text).low <= estimate_text(text + more).low


@settings(deadline=None)
@given(st.text(max_size=150))
def test_short_and_long_texts_are_weighed_alike(text):
    """A text twenty times over makes twenty times the tokens, up to rounding."""
    once, often = estimate_text(text), estimate_text(text * 20)

    assert often.likely == pytest.approx(once.likely * 20, abs=12)


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("word " * 100, 96), ("深" * 100, 95), ("7" * 100, 85), ("😀" * 10, 36)]
)
def test_kinds_of_characters_weigh_what_they_do(text, tokens):
    """A Latin letter a quarter, a digit or a Han character nearly one, an emoji several."""
    assert tokens == estimate_text(text).likely


def test_a_scale_is_taken():
    """Twice as many tokens of a text, at both ends."""
    once, twice = estimate_text(WORDS * 9), estimate_text(WORDS * 9, Counting(scale=2.0))

    assert [one * 2 for one in once] == pytest.approx(list(twice), abs=2)


def test_a_prompt_has_something_around_it():
    """The short way and the long one say the same."""
    short, stated = estimate(asked(Text(WORDS))), estimate(asked(Text(WORDS)), Counting(scale=1.0000001))
    words = estimate_text(WORDS)

    assert [8, 88] == [short.likely - words.likely, short.high - words.high]
    assert list(short) == pytest.approx(list(stated), abs=1)
    assert list(estimate(asked(Text("é" + WORDS)))) == pytest.approx(
        list(estimate(asked(Text("é" + WORDS)), Counting(scale=1.0000001))), abs=1
    )


def test_everything_that_is_sent_counts():
    """Turns, thoughts, calls and their results, tools, the form of the answer."""
    tool = Tool(
        "weather", "Tells the weather.", {"type": "object", "properties": {"city": {"type": "string"}}}
    )
    turns = (
        Message("user", "hi"),
        Message("assistant", [Reasoning("hm"), ToolCall("c", "weather", '{"city":"Ulm"}')]),
    )
    request = Request("m", (*turns, Message("tool", [ToolResult("c", "rain")])), (tool, HostedTool("search")))

    said = " ".join(texts(request))

    assert all(
        word in said for word in ("hi", "hm", '"Ulm"', "rain", "Tells the weather", '"city"', "search")
    )
    assert estimate(request).likely > estimate(Request("m", request.messages)).likely
    schema = Output({"type": "object"})
    assert estimate(asked(Text("hi"), output=schema)).high > estimate(asked(Text("hi"))).high


def test_media_are_told_apart_from_words():
    """Nobody knows how many tokens they make, unless it is stated; a text file is words."""
    picture, sound = Image("image/png", data=b"x"), Audio("audio/wav", data=b"x")
    page = Document("text/plain", data=WORDS.encode())
    request = asked(Text("hi"), picture, sound, page)

    assert (("audio", "image"), ("audio",)) == (media(request), media(request, Counting(image=258)))
    assert WORDS in list(texts(request))
    assert () == media(asked(Text("hi"), page))
    inside = Request("m", (Message("tool", [ToolResult("c", [picture])]),))
    assert ("image",) == media(inside)


def test_what_is_stated_is_exact_within_a_quarter():
    """As figures of one page of a provider are."""
    stated = Counting(prompt=100, turn=4, tools=8, tool=4)
    request = asked(Text("hi"), tools=(Tool("a"), Tool("b")))

    assert (75 + 3 + 6 + 6, 100 + 4 + 8 + 8, 126 + 6 + 11 + 12) == around(request, stated)


def _cost(thing, times=2000):
    began = time.process_time()
    for _ in range(times):
        thing()
    return time.process_time() - began


def test_a_short_prompt_takes_microseconds():
    """As long as some hundred calls of a function that does nothing: 4 microseconds on a machine that is free."""
    request = asked(Text(WORDS))

    ratios = [_cost(lambda: estimate(request)) / max(_cost(lambda: None), 1e-6) for _ in range(5)]

    assert min(ratios) < 200
    assert isinstance(estimate(request), Estimate)
