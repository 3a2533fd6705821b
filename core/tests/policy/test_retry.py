"""Whether and when a failed attempt is made again."""

from __future__ import annotations

import attrs
import pytest

from jackfield import ErrorInfo
from jackfield.policy import RetryPolicy
from jackfield.policy.decide import Situation, decide
from jackfield.types.resilience import RetryRules

SERVER = ErrorInfo("server", "broken")
HIGHEST = RetryPolicy(uniform=lambda _low, high: high)


def delay(attempt: int, error: ErrorInfo, time_left: float = 600, most: int = 11) -> float | None:
    """Seconds until the attempt after ``attempt`` at the one target there is; nothing if none follows."""
    situation = Situation(attempt, attempt, most, tries=attempt, time_left=time_left)
    decision = decide(error, situation, HIGHEST)
    return decision.delay if decision.action == "same" else None


def test_the_ceiling_doubles() -> None:
    """Full jitter is drawn below 0.25 s, doubled with each attempt, at most 8 s."""
    waits = [delay(attempt, SERVER) for attempt in (1, 2, 3, 4)]

    assert [0.25, 0.5, 1.0, 2.0] == waits


def test_overload_waits_longer() -> None:
    """A throttle or overload starts at a second."""
    assert delay(1, ErrorInfo("server.overloaded", "busy")) == 1.0


def test_a_hint_is_obeyed() -> None:
    """The provider's waiting time is kept, plus a little jitter."""
    assert delay(1, ErrorInfo("throttle", retry_after=5.0)) == 5.5


@pytest.mark.parametrize("hint", [61.0, 86400.0])
def test_a_long_hint_is_not_waited_for(hint: float) -> None:
    """Longer than a minute is for the caller to decide."""
    assert delay(1, ErrorInfo("throttle", retry_after=hint), 6e9) is None


@pytest.mark.parametrize("kind", ["request.invalid", "auth", "quota.money", "model.missing", "deadline"])
def test_hopeless_failures_are_not_retried(kind: str) -> None:
    """What cannot succeed is not tried again."""
    assert delay(1, ErrorInfo(kind)) is None


def test_retries_are_counted() -> None:
    """No more than asked for, and never more than the hard cap."""
    assert delay(2, SERVER, most=2) is None
    assert delay(1, SERVER, most=1) is None
    assert delay(5, SERVER) is None


def test_no_attempt_is_started_that_cannot_connect() -> None:
    """Less time left than it takes to connect is no time."""
    assert delay(1, SERVER, 6.1) is None


def test_an_unreadable_answer_is_asked_for_once_more() -> None:
    """It came, so it may have been charged: one more time, not two."""
    unreadable = ErrorInfo("protocol.body", "not JSON")

    assert delay(1, unreadable) is not None
    assert delay(2, unreadable) is None


def test_rules_make_a_policy() -> None:
    """Every figure in its place; without rules those that are documented."""
    rules = RetryRules(base=0.5, throttle_base=2.0, ceiling=9.0, longest_wait=33.0, tries=4)
    policy = RetryPolicy.of(rules, connect=7.0)

    assert (0.5, 2.0, 9.0) == (policy.base, policy.throttle_base, policy.ceiling)
    assert (33.0, 7.0, 4) == (policy.longest_wait, policy.connect, policy.tries)
    assert (0.25, 1.0, 8.0, 60.0, 5.0, 1) == attrs.astuple(RetryPolicy())[:6]
    assert RetryPolicy() == RetryPolicy.of(RetryRules())


def test_jitter_is_drawn_from_nothing_up() -> None:
    """A wait may be no wait at all; a hint is never undercut."""
    lowest = RetryPolicy(uniform=lambda low, _high: low)

    assert 0 == lowest.wait(1, SERVER)
    assert 5 == lowest.wait(1, ErrorInfo("throttle", retry_after=5.0))


def test_no_hint_is_no_long_hint() -> None:
    """Not even where nobody waits at all."""
    assert not RetryPolicy(longest_wait=0.0).too_long(SERVER)
