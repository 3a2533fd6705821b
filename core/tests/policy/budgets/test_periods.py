"""The periods of budgets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jackfield.policy.budgets import period_at

NOW = datetime(2026, 11, 21, 17, 45, 30, tzinfo=UTC)  # a Saturday


def at(*date):
    """A moment in seconds since 1970."""
    return datetime(*date, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("kind", "begin", "end"),
    [
        ("hour", (2026, 11, 21, 17), (2026, 11, 21, 18)),
        ("day", (2026, 11, 21), (2026, 11, 22)),
        ("week", (2026, 11, 16), (2026, 11, 23)),
        ("month", (2026, 11, 1), (2026, 12, 1)),
    ],
)
def test_periods_follow_the_calendar(kind, begin, end):
    """In UTC; weeks begin on Mondays."""
    assert (at(*begin), at(*end)) == period_at(kind, NOW.timestamp())


@pytest.mark.parametrize("kind", ["hour", "day", "week", "month"])
def test_the_end_belongs_to_the_next_period(kind):
    """There is no gap, and nothing counts twice."""
    first = period_at(kind, NOW.timestamp())

    assert first.end == period_at(kind, first.end).begin
    assert first == period_at(kind, first.end - 1e-3)


def test_december_is_followed_by_january():
    """Months end with the year, too."""
    assert (at(2026, 12, 1), at(2027, 1, 1)) == period_at("month", at(2026, 12, 31, 23))


@pytest.mark.parametrize("kind", ["total", "request"])
def test_some_budgets_have_no_period(kind):
    """They never begin anew."""
    assert period_at(kind, 0.0) == period_at(kind, 1e12)
