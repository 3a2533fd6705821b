"""What stands before a target, all at once: gate, breaker, the endpoint's breaker, budget."""

from __future__ import annotations

import pytest

from jackfield import ErrorInfo
from jackfield.errors import KINDS
from jackfield.policy.board import ENDPOINT, OUTCOMES, Board, Change, refusal_info, soonest
from jackfield.policy.breaker import LEASE, RECHECK, Refused
from jackfield.types.resilience import BreakerRules

NOW = 1000.0
ADDRESS = "https://api.acme.example"
KEY = ("acme", ADDRESS, "acme-2", "key-1")
OTHER = ("acme", ADDRESS, "acme-3", "key-1")
DOWN = ErrorInfo("server", "broken", status=500)


@pytest.fixture
def board():
    """A board without chance, that remembers what it told."""
    told = []
    board = Board(changed=told.append, chance=lambda: 0.0)
    board.told = told  # type: ignore[attr-defined]
    return board


def fail(guard, error=DOWN, times=5, now=NOW):
    """Failures of one target."""
    for _ in range(times):
        leave = guard.admit(now)
        if not isinstance(leave, Refused):
            leave.settle(now, error)


def states(board):
    return {(status.provider, status.target): status.state for status in board.breakers(NOW)}


def test_a_guard_is_made_once(board):
    """What is asked for again is the same; what differs in anything is another one."""
    guard = board.guard(KEY)

    assert guard is board.guard(KEY)
    assert guard is not board.guard(OTHER)
    assert guard.endpoint is board.guard(OTHER).endpoint
    assert guard.gate is board.guard(OTHER).gate
    assert guard.budget is board.guard(OTHER).budget
    assert guard.gate is not board.guard((*KEY[:3], "key-2")).gate


def test_failures_open_the_target_alone(board):
    """Its neighbour goes on."""
    fail(board.guard(KEY), times=5)

    assert Refused is type(board.guard(KEY).admit(NOW))
    assert board.guard(OTHER).admit(NOW).since == NOW
    assert [
        Change("acme", "acme-2", "closed", "open", "5 failures in a row", NOW + 15, NOW, KEY)
    ] == board.told


def test_failures_of_two_targets_open_their_endpoint(board):
    """A third one is not tried at all."""
    for key in (KEY, OTHER):
        fail(board.guard(key), times=4)

    third = board.guard((*KEY[:2], "acme-4", "key-1")).admit(NOW)

    assert (NOW + 15, "local.breaker") == (third.until, third.kind)
    assert {("acme", ADDRESS): "open", ("acme", "acme-2"): "closed"}.items() <= states(board).items()


@pytest.mark.parametrize("kind", KINDS)
def test_what_counts_for_whom(board, kind):
    """Every kind of failure at two targets: which breakers it opens, of which level."""
    for key in (KEY, OTHER) * 12:
        leave = board.guard(key).admit(NOW)
        if not isinstance(leave, Refused):
            leave.settle(NOW, ErrorInfo(kind))

    opened = {target for (_, target), state in states(board).items() if state == "open"}

    targets = {"acme-2", "acme-3"} if kind in OUTCOMES else set()
    assert ({ADDRESS} if kind in ENDPOINT else targets) == opened


def test_429_never_opens_a_breaker(board):
    """It closes the gate of the key for the model."""
    guard = board.guard(KEY)
    for number in range(50):
        guard.admit(NOW + number * 10).settle(NOW + number * 10, ErrorInfo("throttle", retry_after=5.0))

    refused = guard.admit(NOW + 494)

    assert ("throttle", NOW + 495) == (refused.kind, refused.until)
    assert {"closed"} == set(states(board).values())
    assert ["throttle"] == [gate.kind for gate in board.gates(NOW + 494)]


def test_another_signature_closes_no_gate(board):
    """A token that has expired is not a bad key."""
    guard = board.guard(KEY)

    guard.admit(NOW).settle(NOW, ErrorInfo("auth"), resign=True)
    assert guard.gate.open
    guard.admit(NOW).settle(NOW, ErrorInfo("auth"))

    assert "auth" == guard.admit(NOW).kind


def test_an_answer_ends_the_row_of_throttles(board):
    """The next silent one closes for a second again."""
    guard = board.guard(KEY)
    for at in (0, 10, 20):
        guard.admit(NOW + at).settle(NOW + at, ErrorInfo("throttle"))

    guard.admit(NOW + 30).settle(NOW + 30)
    guard.admit(NOW + 40).settle(NOW + 40, ErrorInfo("throttle"))

    assert NOW + 41 == guard.admit(NOW + 40).until


def test_a_deadline_says_something_only_after_patience(board):
    """A caller's own second is no judgement; half a minute without a word is slow."""
    guard = board.guard(KEY)
    for seconds in (1, 30) * 20:
        guard.admit(NOW - seconds).settle(NOW, ErrorInfo("deadline"))
    assert "closed" == guard.target.state

    for _ in range(10):
        guard.admit(NOW - 31).settle(NOW, ErrorInfo("deadline"))

    assert "open" == guard.target.state


def test_a_deadline_after_content_is_not_slow(board):
    """It did speak, and in time."""
    guard = board.guard(KEY)
    for _ in range(20):
        leave = guard.admit(NOW - 100)
        leave.started(NOW - 99, ttft=1.0)
        leave.settle(NOW, ErrorInfo("deadline"))

    assert "closed" == guard.target.state


def test_a_cancelled_call_counts_as_nothing(board):
    """At neither level, and the probes of both are free again."""
    guard = board.guard(KEY)
    for key in (KEY, OTHER):
        fail(board.guard(key), times=5 if key == KEY else 1)
    assert {"open"} == {guard.target.state, guard.endpoint.state}

    guard.admit(NOW + 15).release(NOW + 15)
    leave = guard.admit(NOW + 15)
    leave.settle(NOW + 16)

    assert ("half_open", "half_open") == (guard.target.state, guard.endpoint.state)
    assert 6 == guard.endpoint.total_calls - 1


def test_the_endpoints_probe_is_given_back_where_the_target_refuses(board):
    """Else the endpoint would wait for a call that was never made."""
    guard, other = board.guard(KEY), board.guard(OTHER)
    fail(guard)
    fail(other, times=1)
    guard.target.learn(NOW + 500, NOW)

    assert NOW + 500 == guard.admit(NOW + 15).until

    assert other.admit(NOW + 15).since == NOW + 15


def test_a_lease_is_handed_on(board):
    """It ends with the call that holds it."""
    guard = board.guard(KEY)
    fail(guard)
    guard.admit(NOW + 15, lease=3.0)

    assert Refused is type(guard.admit(NOW + 17.9))
    assert guard.admit(NOW + 18).since == NOW + 18
    assert LEASE == 600


def test_breakers_can_be_switched_off():
    """They count, and never open; gates are another matter."""
    board = Board(BreakerRules(enabled=False))
    guard = board.guard(KEY)

    fail(guard, times=100)
    fail(guard, ErrorInfo("auth"), times=1)

    assert {("closed", 100)} == {(status.state, status.total_failures) for status in board.breakers(NOW)}
    assert "auth" == guard.admit(NOW).kind


def test_what_one_process_tells_another_learns(board):
    """The breaker of a target, and that of an endpoint which it has asked before."""
    for key in (KEY, OTHER):
        fail(board.guard(key), times=5 if key == KEY else 1)
    learner = Board(chance=lambda: 0.0)
    learner.guard(OTHER)

    for change in board.told:
        learner.learn(change.key, change.until, NOW)
    learner.learn(("acme", "https://elsewhere.example"), NOW + 99, NOW)

    expected = {("acme", ADDRESS): "open", ("acme", "acme-2"): "open", ("acme", "acme-3"): "closed"}
    assert expected == states(learner)


def test_who_has_no_breakers_learns_nothing():
    """What is switched off stays off."""
    board = Board(BreakerRules(enabled=False))
    board.guard(KEY)

    board.learn(KEY, NOW + 9, NOW)
    board.learn(KEY[:2], NOW + 9, NOW)

    assert {"closed"} == set(states(board).values())


# -- waiting -------------------------------------------------------------------------------------


def test_one_call_at_a_time_waits_for_a_breaker(board):
    """The others learn at once; when the one has had its turn, the next may wait."""
    guard = board.guard(KEY)
    fail(guard)

    assert 15 == guard.turn(NOW, NOW + 60)
    assert guard.turn(NOW + 1, NOW + 60) is None
    guard.admit(NOW + 15).settle(NOW + 15, DOWN)
    assert 29 == guard.turn(NOW + 15 + RECHECK, NOW + 60)


def test_everybody_may_wait_for_a_throttle(board):
    """Waiting is all that helps."""
    guard = board.guard(KEY)
    fail(guard, ErrorInfo("throttle", retry_after=5.0), times=1)

    assert [5, 5, 4] == [guard.turn(now, NOW + 60) for now in (NOW, NOW, NOW + 1)]
    assert guard.turn(NOW, NOW + 4.9) is None
    assert 0 == guard.turn(NOW + 5, NOW + 60)


def test_what_opens_last_stands_in_the_way(board):
    """A gate that is closed for longer than the breaker is what is told."""
    guard = board.guard(KEY)
    fail(guard)
    for seconds, kind in ((10.0, "local.breaker"), (20.0, "throttle")):
        guard.gate.close("acme-2", NOW + seconds, "throttle")
        assert kind == guard.refusal(NOW).kind


def test_the_soonest_of_several_is_found(board):
    """Of those that refuse; nothing if none does."""
    first, second = board.guard(KEY), board.guard(OTHER)
    fail(first)
    fail(second, ErrorInfo("throttle", retry_after=3.0), times=1)

    assert second is soonest([first, second], NOW)[0]
    assert soonest([], NOW) is None


@pytest.mark.parametrize(
    ("kinds", "kind", "status"),
    [
        (["throttle", "throttle"], "throttle", 429),
        (["quota.window"], "quota.window", 429),
        (["local.breaker"], "local.breaker", 503),
        (["throttle", "local.breaker"], "local.breaker", 503),
        (["auth", "auth"], "auth", 502),
        (["auth", "quota.money"], "local.breaker", 503),
    ],
)
def test_what_is_told_when_all_refuse(kinds, kind, status):
    """When to come back, that nothing was sent, and a rate limit only if all were that."""
    refusals = [Refused(NOW + wait, kind) for wait, kind in zip((7.0, 3.0), kinds, strict=False)]

    info = refusal_info(refusals, NOW)

    assert (kind, "no", refusals[-1].until - NOW) == (info.kind, info.sent, info.retry_after)
    assert status == info.leaf.gateway_status


# -- accounts ------------------------------------------------------------------------------------


def test_success_settles_the_budget(board):
    """A first try earns, a retry gets back what it cost."""
    guard = board.guard(KEY)
    guard.budget.take(100)

    guard.succeeded(0, first=True)
    guard.succeeded(10, first=False)

    assert 411 == guard.budget.left


def test_fallbacks_are_counted(board):
    """How many calls went elsewhere, and their share."""
    guard = board.guard(KEY)
    for _ in range(3):
        guard.admit(NOW).settle(NOW)
    guard.target.note_fallback()

    status = board.breakers(NOW)[1]

    assert (1, 0.25) == (status.fallbacks, status.fallback_rate)
    assert 0 == board.breakers(NOW)[0].fallback_rate


def test_names_made_up_by_callers_do_not_fill_memory(board, monkeypatch):
    """Beyond so many, guards without a past are forgotten; what is open is not."""
    monkeypatch.setattr("jackfield.policy.board.MOST", 100)
    fail(board.guard(KEY))

    for number in range(1000):
        board.guard((*KEY[:2], f"model-{number}", "key-1"))

    assert len(board.breakers(NOW)) <= 102
    assert Refused is type(board.guard(KEY).admit(NOW))


@pytest.mark.parametrize(("error", "times"), [(DOWN, 5), (ErrorInfo("throttle", "slow", retry_after=9.0), 1)])
def test_the_way_is_clear_until_something_shuts(board, error, times):
    """A breaker or a gate: then it is not, and a refusal says why."""
    guard = board.guard(KEY)
    before = guard.clear, guard.refusal(NOW)

    fail(guard, error, times)

    assert ((True, None), False) == (before, guard.clear)
    assert guard.refusal(NOW) is not None
