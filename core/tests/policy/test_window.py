"""Counts of the last minute, and what is unusual."""

from __future__ import annotations

import random
from statistics import fmean, pstdev

import pytest

from jackfield.policy.window import Anomaly, Window


def test_buckets_fall_out_one_by_one():
    """What lies ten buckets back is forgotten, what lies nine back is not."""
    window = Window(60.0)
    for second in range(0, 60, 6):
        window.add(1200.0 + second, failed=second % 12 == 0)

    assert (10, 5) == window.counts(1259.9)
    assert (9, 4) == window.counts(1260.0)
    assert (0, 0) == window.counts(1314.0)


def test_starts_fall_out_too():
    """They are counted in the same buckets."""
    window = Window(10.0)
    window.add_start(100.0, slow=True)
    window.add_start(101.0, slow=False)
    window.add(109.9, failed=False)
    assert (2, 1, 1) == (window.timed, window.slow, window.calls)

    window.add(110.0, failed=False)

    assert (1, 0, 2) == (window.timed, window.slow, window.calls)


def test_a_clock_that_goes_back_forgets_nothing():
    """It counts in the newest bucket."""
    window = Window(60.0)
    window.add(1000.0, failed=True)

    window.add(10.0, failed=True)

    assert (2, 2) == window.counts(500.0)


def test_nothing_is_left_after_clearing():
    """Nor comes back when the buckets go round."""
    window = Window(60.0)
    for second in range(100):
        window.add(1000.0 + second, failed=True)
        window.add_start(1000.0 + second, slow=True)

    window.clear()

    assert (0, 0, 0, 0) == (*window.counts(1100.0), window.timed, window.slow)
    assert (0, 0) == window.counts(2000.0)


def test_what_comes_after_clearing_is_counted_alone():
    """And falls out as it came in."""
    window = Window(60.0)
    window.add(1000.0, failed=True)
    window.add_start(1000.0, slow=True)
    window.clear()
    window.add(1001.0, failed=False)
    window.add_start(1001.0, slow=False)

    assert (1, 0, 1, 0) == (*window.counts(1001.0), window.timed, window.slow)
    assert (0, 0, 0, 0) == (*window.counts(2000.0), window.timed, window.slow)


def test_counts_are_those_of_the_last_ten_buckets():
    """Whatever comes when: held against a list of all that came."""
    chance, window, came, now = random.Random(3), Window(60.0), [], 1000.0
    for _ in range(2000):
        now += chance.choice((0.0, 0.5, 5.9, 6.0, 6.1, 30.0, 59.0, 61.0, 200.0))
        bad, slow = chance.random() < 0.3, chance.random() < 0.4
        window.add(now, failed=bad)
        window.add_start(now, slow=slow)
        came.append((now // 6, bad, slow))
        recent = [one for one in came if one[0] > now // 6 - 10]
        counted = (
            len(recent),
            sum(bad for _, bad, _ in recent),
            len(recent),
            sum(slow for *_, slow in recent),
        )
        assert counted == (*window.counts(now), window.timed, window.slow)


def test_the_score_is_what_statistics_say():
    """Standard deviations above the mean of the latest thousand, computed before the value is one of them."""
    chance, anomaly, seen = random.Random(1), Anomaly(2.5), []
    for _ in range(3000):
        seconds = round(chance.lognormvariate(0, 0.5), 6)
        if len(seen) >= 30:
            past = seen[-1000:]
            expected = max(0.0, (seconds - fmean(past)) / pstdev(past))
            assert anomaly.score(seconds) == pytest.approx(expected, abs=1e-3)
        anomaly.unusual(seconds)
        seen.append(seconds)


def test_little_history_makes_nothing_unusual():
    """Thirty calls are needed; then what differs from what never differed is."""
    anomaly = Anomaly(2.5)

    assert [False] * 30 == [anomaly.unusual(1.0) for _ in range(30)]
    assert anomaly.unusual(1.1)
    assert not anomaly.unusual(0.1)
    assert 0 == anomaly.score(0.1)


def test_a_limit_is_exceeded_not_reached():
    """What lies exactly so many deviations above the mean is usual; so is the mean itself."""
    anomaly = Anomaly(1.0)
    for number in range(40):
        anomaly.unusual(1.0 + 2.0 * (number % 2))  # mean 2 s, deviation 1 s

    assert (1.0, 0.0) == (anomaly.score(3.0), anomaly.score(2.0))
    assert not anomaly.unusual(3.0)
    assert not Anomaly(1.0).unusual(99.0)
