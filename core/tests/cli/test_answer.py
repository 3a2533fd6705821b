"""The figures of an answer, and what is wrong with one that came."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jackfield.cli.answer import Shown, money, usage_line, verdict
from jackfield.cli.console import Console
from jackfield.events import PartStarted, ReasoningDelta, TextDelta
from jackfield.types import Attempt, Completion, Finish, Notice, Refusal, Text, Usage


@pytest.mark.parametrize(
    ("charge", "text"),
    [
        (None, "charge unknown"),
        (Decimal(0), "$0"),
        (Decimal("0.000151"), "$0.000151"),
        (Decimal("0.0001512345"), "$0.0001512"),
        (Decimal("0.25"), "$0.25"),
        (Decimal("12.3456"), "$12.35"),
    ],
)
def test_money_has_four_digits(charge, text):
    """A charge is told with four digits that mean something; an unknown one is not 0."""
    assert text == money(charge)


def test_the_usage_line_is_that_of_the_documentation():
    """Model, tokens, cached ones, both times, charge and attempt."""
    attempts = (Attempt(1, 0.2), Attempt(2, 0.7))
    usage = Usage(input=112, cache_read=300, output=96)
    completion = Completion((), usage=usage, charge=Decimal("0.000151"), attempts=attempts)

    line = usage_line(completion, "acme/small-latest", 0.9, 0.31)

    expected = (
        "acme/small-latest · 412 in (300 cached) · 96 out · 0.9 s (0.31 s to first) · $0.000151 · attempt 2"
    )
    assert expected == line


def test_an_unknown_usage_is_not_0():
    """What the provider did not tell is told as such."""
    assert "acme/x · usage unknown · 1.0 s · charge unknown" == usage_line(Completion(()), "acme/x", 1.0)


def test_a_declined_answer_is_4(capsys):
    """The model's own words for declining are an error of the request."""
    completion = Completion((Refusal("I will not."),), Finish("stop"))

    code = verdict(completion, "acme/x", Console())

    assert (4, "error: `acme/x` declined by policy: I will not.\n") == (code, capsys.readouterr().err)


def test_a_filtered_answer_is_4(capsys):
    """An answer that a filter cut is not whole."""
    assert 4 == verdict(Completion((Text("half"),), Finish("content_filter")), "acme/x", Console())


def test_notices_are_warnings(capsys):
    """What was left out is told."""
    verdict(
        Completion((), Finish("stop"), warnings=(Notice("x", "`seed` was left out"),)), "acme/x", Console()
    )

    assert "warning: `seed` was left out\n" == capsys.readouterr().err


def test_only_the_first_choice_is_shown(capsys):
    """Refusals and further choices are no text of the answer; parts may come whole."""
    shown = Shown(Console(), raw=False)
    events = [
        PartStarted(0, Text("a")),
        PartStarted(1, Text(""), choice=1),
        PartStarted(2, Refusal("")),
        ReasoningDelta(3, "hm"),
        *(TextDelta(number, str(number)) for number in range(3)),
    ]

    for event in events:
        shown.event(event)

    assert ("a0", "hm\n") == tuple(capsys.readouterr())
