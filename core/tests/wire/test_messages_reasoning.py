"""How much to reason, in the two ways the messages format has to say it."""

from __future__ import annotations

import json

import pytest

from jackfield.errors import InvalidRequest, Unsupported
from jackfield.types import Message, Request
from jackfield.wire import Dialect
from jackfield.wire.messages import Messages


def rendered(options, *, max_output=None, **settings):
    wire = Messages(Dialect(settings=settings, max_output=max_output))
    return json.loads(
        wire.render_completion(Request("m", (Message("user", "hi"),), options=options), False).body
    )


@pytest.mark.parametrize(
    ("value", "tokens"),
    [
        ("minimal", 1024),
        ("low", 1024),
        ("medium", 2048),
        ("high", 4096),
        ("xhigh", 8192),
        ("max", 16384),
        (3000, 3000),
    ],
)
def test_an_effort_is_a_budget_of_tokens(value, tokens):
    """Words stand for figures; a figure stands for itself."""
    body = rendered({"reasoning": value, "max_tokens": 32000})

    assert {"type": "enabled", "budget_tokens": tokens} == body["thinking"]


@pytest.mark.parametrize("value", ["none", 0])
def test_reasoning_is_switched_off(value):
    """Off is said, since some models reason unasked."""
    assert {"type": "disabled"} == rendered({"reasoning": value})["thinking"]


def test_reasoning_that_cannot_be_switched_off_is_told_before_sending():
    """A model that always reasons is not asked not to."""
    with pytest.raises(Unsupported, match="always reasons"):
        rendered({"reasoning": "none"}, reasoning_off=False)


@pytest.mark.parametrize(
    ("options", "max_output", "expected"), [({}, None, (8192 + 4096)), ({}, 64000, 64000)]
)
def test_the_length_limit_makes_room_for_reasoning(options, max_output, expected):
    """A limit the caller did not set grows with the budget."""
    body = rendered({**options, "reasoning": "xhigh"}, max_output=max_output)

    assert (expected, 8192) == (body["max_tokens"], body["thinking"]["budget_tokens"])


def test_a_word_stays_below_the_callers_limit():
    """Reasoning counts towards the limit, so its budget is less."""
    assert 1999 == rendered({"reasoning": "high", "max_tokens": 2000})["thinking"]["budget_tokens"]


@pytest.mark.parametrize(
    "options", [{"reasoning": 3000, "max_tokens": 3000}, {"reasoning": "low", "max_tokens": 1024}]
)
def test_a_budget_that_does_not_fit_is_refused(options):
    """The caller set both figures, so the caller mends them."""
    with pytest.raises(InvalidRequest, match="above"):
        rendered(options)


@pytest.mark.parametrize(("word", "expected"), [("minimal", "low"), ("high", "high"), ("xhigh", "max")])
def test_an_effort_is_a_word_where_the_model_adapts(word, expected):
    """Models that adapt take a word; a dialect may know fewer of them."""
    body = rendered({"reasoning": word}, reasoning_style="adaptive", efforts={"xhigh": "max"})

    assert ({"type": "adaptive"}, {"effort": expected}) == (body["thinking"], body["output_config"])


def test_adaptive_reasoning_is_shown_where_the_dialect_asks_for_it():
    """Its text would be blank otherwise."""
    body = rendered({"reasoning": "low"}, reasoning_style="adaptive", reasoning_display="summarized")

    assert {"type": "adaptive", "display": "summarized"} == body["thinking"]


def test_a_number_of_tokens_is_refused_where_only_words_are_taken():
    """The hint names the words."""
    with pytest.raises(Unsupported, match="takes an effort"):
        rendered({"reasoning": 2000}, reasoning_style="adaptive", reasoning_budget=False)


def test_a_dialect_may_change_the_budgets():
    """The table is a default."""
    assert 1500 == rendered({"reasoning": "low"}, budgets={"low": 1500})["thinking"]["budget_tokens"]
