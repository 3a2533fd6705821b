"""What an answer has to be, as a route declares it."""

from __future__ import annotations

import pytest

from jackfield.policy.route.checks import failing
from jackfield.types import Completion, Finish, Refusal, Text, ToolCall
from jackfield.types.routes import AnswerCheck


def said(text="It is raining in Basel.", reason="stop", *parts):
    """An answer."""
    return Completion((Text(text), *parts), Finish(reason))


@pytest.mark.parametrize(
    ("check", "answer", "why"),
    [
        ({}, said(), ""),
        ({}, said(""), ""),
        ({}, said(reason="length"), "is cut short"),
        ({}, said(reason="content_filter"), "is filtered"),
        ({}, said(reason="error"), "ended with `error`"),
        ({"finish": ("stop", "length")}, said(reason="length"), ""),
        ({}, said("", "stop", Refusal("no")), "is a refusal"),
        ({"min_characters": 24}, said(), "has 23 characters, and at least 24 are asked for"),
        ({"min_characters": 23}, said(), ""),
        ({"min_characters": 3}, said("  a  \n"), "has 1 characters, and at least 3 are asked for"),
        ({"max_characters": 22}, said(), "has 23 characters, and at most 22 are asked for"),
        ({"max_characters": 23}, said(), ""),
        ({"matches": r"^It .* in \w+"}, said(), ""),
        ({"matches": "snow"}, said(), "does not match `snow`"),
        ({"matches": "a.b"}, said("a\nb"), ""),
        ({"excludes": ("SUN", "raining")}, said(), "says `raining`"),
        ({"excludes": ("I am not sure",)}, said("i AM Not Sure."), "says `I am not sure`"),
        ({"excludes": ("sun",)}, said(), ""),
        ({"json": True}, said(), "is no JSON"),
        ({"json": True}, said(' {"a": 1}\n'), ""),
        ({"json": True}, said("", "tool_calls", ToolCall("1", "f", "{}")), ""),
        ({"min_characters": 9, "finish": ("stop",)}, said("x", "tool_calls"), "ended with `tool_calls`"),
    ],
)
def test_an_answer_passes_or_says_why_not(check, answer, why):
    """Length, form and words; and it has to have come to its end."""
    assert why == failing(AnswerCheck(**check), answer)
