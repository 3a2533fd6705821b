"""Values of answers as what they ought to be."""

from __future__ import annotations

import pytest

from jackfield.wire.facts import figure, items, place, score, words


@pytest.mark.parametrize(
    ("value", "count"),
    [
        *((12, 12), (12.0, 12), (28.9999, 29), ("12", 12), (0, 0), ("0", 0)),
        *((None, 0), (-1, 0), (-0.5, 0), (True, 0), ("", 0), ("twelve", 0), ("-1", 0), ("\u0661", 0)),
        *((float("nan"), 0), (float("inf"), 0), ("9" * 400, 0), ([12], 0), ({"a": 1}, 0)),
    ],
)
def test_a_figure_is_a_count_or_nothing(value, count):
    """Numbers come as floats and texts too; what is none counts nothing."""
    assert count == figure(value)


@pytest.mark.parametrize("odd", [None, True, {"a": 1}, b"x"])
def test_what_does_not_belong_there_says_nothing(odd):
    """Whatever stands in the place of a text, a place, a list or a number."""
    assert (None, None, [], 0.0) == (words(odd), place(odd), items(odd), score(odd))


def test_what_belongs_there_stays():
    """As it is."""
    assert ("a", 3, [1], -0.5, -1.0) == (words("a"), place(3), items([1]), score(-0.5), score(-1))
