"""What providers tell of their limits, and what we tell of ours."""

from __future__ import annotations

import pytest

from jackfield.policy.limits.headers import Told, read_limits, render_limits, reset_of

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("12ms", 0.012),
        ("6m0s", 360),
        ("2m52.8s", 172.8),
        ("1h2m3s", 3723),
        ("7", 7),
        ("0.5", 0.5),
        ("1800000030", 30),
        ("1800000030000", 30),
        ("2027-01-15T08:00:10Z", 10),
        ("2027-01-15T08:00:10", 10),
        ("2027-01-15T07:00:00Z", 0),
        ("99999d", 31 * 86400),
    ],
)
def test_a_reset_is_read_however_it_is_written(written, seconds):
    """As a length of time in several forms, or as a moment."""
    assert reset_of(written, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize("written", ["", "soon", "-1", "nan", "inf", "1h2", "ms"])
def test_what_is_no_time_is_none(written):
    """Garbage is ignored."""
    assert reset_of(written, NOW) is None


def test_limits_are_read_from_names_word_by_word():
    """Whatever comes before, and in whatever order the words stand."""
    headers = {
        "X-RateLimit-Limit-Requests": "100",
        "x-ratelimit-remaining-requests": "99",
        "acme-ratelimit-input-tokens-limit": "4000",
        "acme-ratelimit-input-tokens-reset": "2027-01-15T08:00:10Z",
        "x-ratelimit-remaining-req-10-second": "3",
        "x-ratelimit-limit-tokens-day": "-1",
        "x-ratelimit-over-limit": "no",
        "date": "whenever",
    }

    assert read_limits(headers, NOW) == (
        Told("requests", "", None, 100, 99, None),
        Told("tokens", "input", None, 4000, None, 10),
        Told("requests", "", 10.0, None, 3, None),
    )


def test_our_own_limits_are_told_in_both_ways():
    """In structured fields for each, and in the usual headers for the tightest."""
    told = render_limits([("minute", 10, 3, 12.2, 60.0), ("hour", 100, 93, 3000.0, 3600.0)])

    assert told == {
        "ratelimit-policy": '"minute";q=10;w=60, "hour";q=100;w=3600',
        "ratelimit": '"minute";r=3;t=13, "hour";r=93;t=3000',
        "x-ratelimit-limit": "10",
        "x-ratelimit-remaining": "3",
        "x-ratelimit-reset": "13",
    }


def test_without_limits_there_are_no_headers():
    """Nothing is told of nothing."""
    assert {} == render_limits([])
