"""The limiters: each of its own kind, each exact."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from itertools import accumulate, pairwise

import pytest

from jackfield.policy.limits import (
    NEVER,
    Adaptive,
    Concurrency,
    FixedWindow,
    LeakyBucket,
    SlidingWindow,
    TokenBucket,
)

MILLION = 1_000_000
WINDOW = 60 - 1e-6  # what is let in at its very ends is not within a window


def admitted(limiter, arrivals):
    """The times of the arrivals that are let in."""
    return [now for now in arrivals if limiter.admit(1, now).held]


def random_arrivals(rate, number=MILLION // 10):
    """Arrivals at random, in bursts and lulls, ``rate`` a second on average."""
    draw = random.Random(1)
    gaps = (draw.expovariate(rate * draw.choice((0.2, 1, 20))) for _ in range(number))
    return accumulate(gaps, initial=1000.0)


def most_within(times, window):
    """The most admissions that any window, wherever it begins, holds."""
    return max(bisect_right(times, now) - bisect_right(times, now - window) for now in times)


def test_no_window_is_ever_exceeded():
    """Of a million random arrivals no window of a minute holds more than the limit."""
    times = admitted(SlidingWindow(100, 60), random_arrivals(20, MILLION))

    assert most_within(times, WINDOW) == 100


def test_a_large_limit_is_not_exceeded_either():
    """Where slots hold several units the limit is exact as well."""
    times = admitted(SlidingWindow(1000, 60, slots=60), random_arrivals(200))

    assert most_within(times, WINDOW) <= 1000


@pytest.mark.parametrize("limit", [1, 7, 60, 100, 3600])
def test_who_comes_evenly_gets_the_limit_but_one(limit):
    """An even pace at the limit's own rate is let in, but for one unit of a window at most."""
    times = admitted(SlidingWindow(limit, 60), (place * 60 / limit for place in range(10 * limit)))

    least = min(bisect_right(times, start + 60) - bisect_right(times, start) for start in (0, 61, 122.3, 480))

    assert least >= limit - 1


def test_the_sliding_window_tells_when_there_is_room():
    """Whoever waits as long as he is told is let in, and a moment earlier is not."""
    limiter = SlidingWindow(2, 60)
    limiter.admit(1, 0.0)
    limiter.admit(1, 30.0)

    wait = limiter.admit(1, 40.0).wait

    assert wait == pytest.approx(20)
    assert not limiter.admit(1, 40 + wait - 0.01).held
    assert limiter.admit(1, 40 + wait).held


def test_the_fixed_window_holds_in_each_of_its_windows():
    """Of any random arrivals no minute of the clock sees more than the limit; two halves of two may."""
    times = admitted(FixedWindow(100, 60), random_arrivals(20))

    counts = dict.fromkeys({now // 60 for now in times}, 0)
    for now in times:
        counts[now // 60] += 1

    assert max(counts.values()) == 100
    assert most_within(times, 60) > 100


def test_the_token_bucket_never_gives_more_than_size_and_rate():
    """Within any t seconds a bucket of 100 at 10 a second gives 100 + 10 t at most."""
    times = admitted(TokenBucket(100, 10.0), random_arrivals(20))

    for window in (1, 10, 60):
        assert most_within(times, window) <= 100 + 10 * window


def test_the_token_bucket_allows_a_burst_and_then_its_rate():
    """A full bucket is spent at once; then one comes every tenth of a second."""
    limiter = TokenBucket(100, 10.0)

    burst = len(admitted(limiter, [0.0] * 200))

    assert (burst, pytest.approx(0.1, abs=1e-5)) == (100, limiter.admit(1, 0.0).wait)


def test_the_leaky_bucket_spaces_calls_out():
    """Turns are a tenth of a second apart, however many come at once; when it is full nobody gets one."""
    limiter = LeakyBucket(100, 10.0)

    turns = [limiter.admit(1, 0.0) for _ in range(101)]

    assert [turn.wait for turn in turns[:3]] == pytest.approx([0, 0.1, 0.2])
    assert [turn.held for turn in turns[-2:]] == [True, False]
    assert limiter.admit(1, turns[-1].wait).held


def test_turns_of_the_leaky_bucket_are_never_closer_than_its_rate():
    """Random arrivals leave the bucket at its rate and no faster."""
    limiter = LeakyBucket(100, 10.0)
    answers = ((now, limiter.admit(1, now)) for now in random_arrivals(20))

    turns = [now + answer.wait for now, answer in answers if answer.held]

    assert min(after - before for before, after in pairwise(turns)) >= 0.1 - 1e-9


def test_a_turn_given_back_is_given_again():
    """The last turn is free again when its call does not need it; one in the middle is lost, never doubled."""
    limiter = LeakyBucket(100, 10.0)
    first, second = limiter.admit(1, 0.0), limiter.admit(1, 0.0)

    limiter.settle(first, 0, 0.0)
    limiter.settle(second, 0, 0.0)

    assert limiter.admit(1, 0.0).wait == pytest.approx(0.1)


def test_complaints_lower_the_adaptive_limit():
    """A complaint takes three tenths; those that come within the same second have one cause."""
    limiter = Adaptive(100, 10, 1000)
    limiter.admit(1, 0.0)

    for now in (1.0, 1.1, 1.2, 2.5):
        limiter.complain(now)

    assert limiter.limit == pytest.approx(49)


def test_the_adaptive_limit_has_bounds():
    """It never leaves the range it was given."""
    limiter = Adaptive(100, 10, 1000)

    for now in range(100):
        limiter.complain(float(now * 2))
    lowest = limiter.limit
    for now in range(200):
        limiter.admit(0.001, 1000.0 + now * 61)

    assert (10, 1000) == (lowest, limiter.limit)


@pytest.mark.parametrize(("used", "after"), [(95, 90), (70, 100), (20, 110)])
def test_the_adaptive_limit_follows_its_use(used, after):
    """Above 80 % of use it goes down a tenth, below half it goes up a tenth, between it stays."""
    limiter = Adaptive(100, 10, 1000)
    limiter.admit(used, 0.0)

    limiter.admit(0, 61.0)

    assert limiter.limit == pytest.approx(after)


def test_places_are_free_when_somebody_leaves():
    """A limit of calls at once has nothing to do with time."""
    limiter = Concurrency(2)
    held = [limiter.admit(1, 0.0), limiter.admit(1, 0.0)]
    refused = limiter.admit(1, 1e9)

    limiter.settle(held[0], 0, 1e9)

    assert (False, True, math.inf) == (refused.held, refused.on_release, refused.wait)
    assert limiter.admit(1, 1e9).held


WINDOWED = [
    SlidingWindow(10, 60),
    FixedWindow(10, 60),
    TokenBucket(10, 1.0),
    LeakyBucket(10, 1.0),
    Adaptive(10, 1, 20),
]


@pytest.mark.parametrize("limiter", WINDOWED, ids=lambda limiter: type(limiter).__name__)
def test_what_is_above_the_limit_itself_never_comes_in(limiter):
    """No waiting helps, and it is said so."""
    assert limiter.admit(21, 0.0).wait == NEVER


@pytest.mark.parametrize("limiter", WINDOWED[:4], ids=lambda limiter: type(limiter).__name__)
def test_what_was_not_needed_comes_back(limiter):
    """An estimate is settled to what it came to, and the difference is free again."""
    admission = limiter.admit(10, 300.0)

    limiter.settle(admission, 4, 300.0)

    assert limiter.admit(6, 300.0).held
    assert not limiter.admit(1, 300.0 + 1e-9).held


@pytest.mark.parametrize(
    ("limiter", "idle"),
    [
        (SlidingWindow(10, 60), [True, False, False, True]),
        (FixedWindow(10, 60), [True, False, False, True]),
        (TokenBucket(10, 1.0), [True, False, True, True]),
        (LeakyBucket(10, 1.0), [True, False, True, True]),
        (Adaptive(10, 1, 20), [False] * 4),
        (Concurrency(10), [True, False, False, False]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_idle_limiter_is_as_good_as_a_new_one(limiter, idle):
    """When nothing is taken any more; one that adapts remembers."""
    found = [limiter.idle(600.0)]
    limiter.admit(1, 600.0)

    found += [limiter.idle(now) for now in (600.0, 601.0, 661.0)]

    assert idle == found


def test_what_has_passed_is_not_settled():
    """A window that is over does not come back."""
    for limiter in (SlidingWindow(10, 60), FixedWindow(10, 60)):
        admission = limiter.admit(10, 600.0)
        limiter.admit(5, 661.0)

        limiter.settle(admission, 0, 661.0)

        assert not limiter.admit(6, 661.0).held


def test_the_sliding_window_tells_what_it_holds():
    """And time does not run backwards for it."""
    limiter = SlidingWindow(10, 60)
    limiter.admit(4, 600.0)
    limiter.admit(1, 500.0)

    assert (5, 6) == (limiter.used, 1 + limiter.admit(0, 659.0).remaining)


def test_an_answer_shows_what_it_says():
    """For people."""
    limiter = TokenBucket(1, 1.0)

    assert "<Admission held, wait 0 s, 0 left>" == repr(limiter.admit(1, 0.0))
    assert repr(limiter.admit(1, 0.0)).startswith("<Admission refused, wait 1")
