"""Guards and their board at the edges: what each failure counts as, when it is worth asking again, what is forgotten."""

from __future__ import annotations

import pytest

from jackfield import ErrorInfo
from jackfield.policy.board import MOST, Board, refusal_info
from jackfield.policy.breaker import Refused
from jackfield.types.resilience import RetryRules

NOW = 1000.0
KEY = ("acme", "https://api.acme.example", "acme-2", "key-1")

BOTH, TARGET, COUNTED, NOTHING = ("open", 5, 5), ("open", 5, 0), ("closed", 5, 0), ("closed", 0, 0)


@pytest.fixture
def board():
    """A board without chance."""
    return Board(chance=lambda: 0.0)


@pytest.fixture
def guard(board):
    """What stands before one of its targets."""
    return board.guard(KEY)


@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        ("transport.connect", BOTH),
        ("transport.reset", BOTH),
        ("config.tls", BOTH),
        ("timeout.connect", BOTH),
        ("server", BOTH),
        ("server.overloaded", BOTH),
        ("timeout.upload", TARGET),
        ("timeout.headers", TARGET),
        ("timeout.first_token", TARGET),
        ("timeout.idle", TARGET),
        ("server.transient", COUNTED),
        ("protocol", COUNTED),
        ("protocol.body", COUNTED),
        ("stream.truncated", COUNTED),
        ("throttle", NOTHING),
        ("auth", NOTHING),
        ("request.invalid", NOTHING),
        ("deadline", NOTHING),
    ],
)
def test_what_five_failures_in_a_row_come_to(guard, kind, counts):
    """The state of the target, and how many failures it and its endpoint have counted."""
    leaves = [guard.admit(NOW) for _ in range(5)]
    for leave in leaves:
        leave.settle(NOW, ErrorInfo(kind))

    assert counts == (guard.target.state, guard.target.total_failures, guard.endpoint.total_failures)


@pytest.mark.parametrize(("kind", "state"), [("timeout.headers", "open"), ("timeout.idle", "closed")])
def test_what_stalled_is_slow_as_well(guard, kind, state):
    """It counts among the starts; silence later does not."""
    for error in [None, None, ErrorInfo(kind)] * 10:
        guard.admit(NOW).settle(NOW, error)

    assert state == guard.target.state


def test_slow_starts_open_a_target(guard):
    """Whoever hands a stream on tells of its first content."""
    for _ in range(10):
        guard.admit(NOW).started(NOW, ttft=30.5)

    assert "open" == guard.target.state


def test_a_deadline_long_after_content_says_nothing(guard):
    """Also where the start itself is no longer remembered."""
    leaves = [guard.admit(NOW - 100) for _ in range(20)]
    for leave in leaves:
        leave.started(NOW - 99, ttft=1.0)
    for leave in leaves:
        leave.settle(NOW, ErrorInfo("deadline"))

    assert ("closed", 0) == (guard.target.state, guard.target.total_calls)


# -- asking again --------------------------------------------------------------------------------


def test_a_gate_that_opens_with_the_breaker_is_what_is_told(guard):
    """Of two that stand in the way as long as each other."""
    guard.target.learn(NOW + 15, NOW)
    guard.gate.close("acme-2", NOW + 15, "throttle")

    refusal = guard.refusal(NOW)

    assert ("throttle", NOW + 15) == (refusal.kind, refusal.until)


def test_a_breaker_whose_time_is_up_refuses_nobody(guard):
    """A probe may go, to the tick."""
    guard.target.learn(NOW + 15, NOW)

    assert NOW + 15 == guard.refusal(NOW + 14.9).until
    assert guard.refusal(NOW + 15) is None


@pytest.mark.parametrize(("latest", "wait"), [(15.0, 15.0), (14.9, None)])
def test_who_may_wait_so_long_has_his_turn(guard, latest, wait):
    """To the tick."""
    guard.target.learn(NOW + 15, NOW)

    assert wait == guard.turn(NOW, NOW + latest)


def test_the_next_turn_comes_when_the_one_before_has_been_made_use_of(guard):
    """A second is given to whoever waited; then another may wait for his probe."""
    guard.target.learn(NOW + 15, NOW)
    assert 15.0 == guard.turn(NOW, NOW + 60)
    guard.admit(NOW + 15)

    assert guard.turn(NOW + 15.5, NOW + 60) is None
    assert 1.0 == guard.turn(NOW + 16, NOW + 60)


# -- what is kept --------------------------------------------------------------------------------


def test_another_process_is_heard_of_the_very_target(board):
    """Endpoint, model and key."""
    board.learn(KEY, NOW + 9, NOW)

    assert NOW + 9 == board.guard(KEY).admit(NOW).until


def test_accounts_have_the_budget_that_is_set():
    """500 where nothing is."""
    budgets = [Board(retry=rules).guard(KEY).budget.left for rules in (RetryRules(budget=7), None)]

    assert [7, 500] == budgets


def test_half_of_the_oldest_are_forgotten(board, monkeypatch):
    """When there are as many as may be, and one more is asked for."""
    monkeypatch.setattr("jackfield.policy.board.MOST", 4)
    keys = [(*KEY[:2], f"model-{number}", "key-1") for number in range(5)]
    guards = [board.guard(key) for key in keys]

    assert (4, 10_000) == (len(board.breakers(NOW)), MOST)  # an endpoint and three targets
    assert [False, False, True, True, True] == [
        any(guard.target is known.target for known in board._guards.values()) for guard in guards
    ]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("local.breaker", "every target failed too often of late and is left alone; nothing was sent"),
        ("throttle", "every target limits the rate; nothing was sent"),
        ("quota.window", "every target's quota is used up; nothing was sent"),
        ("auth", "every credential was refused of late and rests; nothing was sent"),
        ("quota.money", "every account was out of money of late and rests; nothing was sent"),
    ],
)
def test_a_refusal_says_what_happened_and_when_to_come_back(kind, message):
    """In words for people."""
    info = refusal_info([Refused(NOW + 7, kind), Refused(NOW + 9, kind)], NOW)

    assert (kind, message, "come back in 7 s") == (info.kind, info.message, info.hint)


def test_nobody_is_told_to_come_back_in_the_past():
    """What has opened meanwhile, or refused without a time, is worth asking at once."""
    assert [0.0, 0.0] == [refusal_info(found, NOW).retry_after for found in ([Refused(NOW - 3)], [])]
