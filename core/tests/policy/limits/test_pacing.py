"""Calls are held back as long as the provider would refuse them."""

from __future__ import annotations

import pytest

from jackfield import LimitReached
from jackfield.policy.limits.headers import read_limits
from jackfield.policy.limits.pacing import Pace, Paces, Tokens, published

SOON = 1e9
KEY = ("acme", "account", "key", "model")


def told(**values):
    """What an answer's headers say."""
    headers = {f"x-ratelimit-{name.replace('_', '-')}": str(value) for name, value in values.items()}
    return read_limits(headers, 0.0)


def test_nothing_is_paced_until_something_is_known():
    """A provider that tells nothing is asked as often as callers like."""
    pace = Pace()

    assert not pace
    assert [0.0] * 3 == [pace.admit(Tokens(1, 1), 0.0) for _ in range(3)]


def test_what_is_used_up_is_waited_for():
    """Until the moment the provider named."""
    pace = Pace()
    pace.learn(told(limit_requests=100, remaining_requests=0, reset_requests="20s"), 10.0)

    assert pace.admit(Tokens(), 10.0) == pytest.approx(20)
    assert pace.admit(Tokens(), 30.0) == 0.0


def test_without_a_reset_the_rate_says_how_long():
    """A hundred a minute is one in 0.6 s."""
    pace = Pace()
    pace.learn(told(limit_requests=100, remaining_requests=0), 10.0)

    assert pace.admit(Tokens(), 10.0) == pytest.approx(0.6, abs=1e-3)


def test_figures_only_ever_lower_our_own():
    """An answer does not know of the calls that were sent after its own."""
    pace = Pace()
    pace.learn(told(limit_requests=3, remaining_requests=2), 0.0)
    for _ in range(2):
        pace.admit(Tokens(), 0.0)

    pace.learn(told(limit_requests=3, remaining_requests=2), 0.0)

    assert pace.admit(Tokens(), 0.0) > 0


def test_tokens_are_counted_as_the_provider_does():
    """What goes in and what comes out may be limited apart; a refusal of one takes nothing of the other."""
    pace = Pace()
    pace.learn(told(limit_input_tokens=1000, limit_output_tokens=100), 0.0)

    assert 0.0 == pace.admit(Tokens(900, 50), 0.0)
    assert pace.admit(Tokens(200, 10), 0.0) == pytest.approx(6, abs=0.1)
    assert 0.0 == pace.admit(Tokens(100, 50), 0.0)


def test_an_estimate_is_corrected():
    """What was not used is there for the next call."""
    pace = Pace()
    pace.learn(told(limit_tokens=1000), 0.0)
    pace.admit(Tokens(500, 500), 0.0)

    pace.settle(Tokens(500, 500), Tokens(500, 100), 0.0)

    assert 0.0 == pace.admit(Tokens(300, 100), 0.0)
    assert pace.admit(Tokens(1, 0), 0.0) > 0


def test_a_call_larger_than_the_limit_is_for_the_provider_to_refuse():
    """It takes all there is, and is not held back for ever."""
    pace = Pace()
    pace.learn(told(limit_tokens=1000), 0.0)

    assert 0.0 == pace.admit(Tokens(5000, 0), 0.0)


def test_published_limits_are_seeds():
    """They hold until the provider tells its own; who publishes none is taken for 60 a minute and 2 a second."""
    seeds = published({"requests_per_minute": 5, "note": "x"})
    pace = Pace(seeds)

    pace.learn(told(limit_requests=100, remaining_requests=50), 0.0)

    assert {("requests", 60.0): 5} == seeds
    assert [0.0] * 10 == [pace.admit(Tokens(), 0.0) for _ in range(10)]
    assert {("requests", 60.0): 60, ("requests", 1.0): 2} == published({})


def test_what_a_provider_tells_takes_the_place_of_all_that_was_published():
    """Of the same unit; the others hold on."""
    pace = Pace({("requests", 60.0): 60, ("requests", 1.0): 2, ("tokens", 60.0): 10})

    pace.learn(told(limit_requests=100), 0.0)

    assert [0.0] * 10 == [pace.admit(Tokens(1), 0.0) for _ in range(10)]
    assert pace.admit(Tokens(1), 0.0) == pytest.approx(6, abs=1e-3)


def told_so(pace, remaining, limit=100, now=0.0):
    """The pace after an answer with these headers."""
    headers = {"x-ratelimit-limit-requests": f"{limit}", "x-ratelimit-remaining-requests": f"{remaining}"}
    pace.learn_from({"date": "x", **headers, "x-ratelimit-reset-requests": "20s"}, now, lambda: 0.0)
    return pace


@pytest.mark.parametrize(("remaining", "wait"), [(90, 0), (20, 0), (1, 0), (0, 20)])
def test_headers_are_believed(remaining, wait):
    """When an answer tells of plenty, as the one before did, and when it tells of little."""
    pace = told_so(Pace(), 99)

    told_so(pace, remaining)

    assert pace.admit(Tokens(), 0.0) == pytest.approx(wait)


def test_a_new_limit_is_believed_though_there_is_plenty():
    """It was raised or lowered by the provider."""
    pace = told_so(told_so(Pace(), 99), 10, limit=10)

    assert [0.0] * 10 == [pace.admit(Tokens(), 0.0) for _ in range(10)]
    assert pace.admit(Tokens(), 0.0) > 0


def test_headers_that_tell_nothing_are_nothing():
    """There is no pace."""
    pace = Pace()

    pace.learn_from({"date": "x"}, 0.0, lambda: 0.0)

    assert not pace


def test_the_time_a_limit_is_over_is_data_of_the_profile(bench):
    """Requests of one provider are counted by the day, though the header's name does not say so."""
    pace = Paces().of(KEY, {"requests": "day"})

    pace.learn(told(limit_requests=86400, remaining_requests=0), 0.0)

    assert pace.admit(Tokens(), 0.0) == pytest.approx(1, abs=1e-3)


def test_calls_wait_for_their_pace(bench):
    """As long as it takes, in turn."""
    paces = Paces()
    paces.of(KEY, {}).learn(told(limit_requests=60, remaining_requests=1), bench.now)

    for _ in range(3):
        bench.run(paces.entering(KEY, Tokens(), SOON))

    assert bench.waits == pytest.approx([1, 1], abs=1e-3)
    assert len(paces.room) == 0


@pytest.mark.parametrize(("reset", "deadline"), [("31s", SOON), ("10s", 1005.0)])
def test_a_long_wait_is_refused(reset, deadline, bench):
    """More than half a minute, or past the deadline: the caller is told at once."""
    paces = Paces()
    paces.of(KEY, {}).learn(told(limit_requests=60, remaining_requests=0, reset_requests=reset), bench.now)

    with pytest.raises(LimitReached, match="`acme` would refuse") as caught:
        bench.run(paces.entering(KEY, Tokens(), deadline))

    assert (pytest.approx(float(reset[:-1])), []) == (caught.value.retry_after, bench.waits)
