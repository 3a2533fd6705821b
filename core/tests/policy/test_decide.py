"""What follows a failure: the table of kinds, and what it is held against."""

from __future__ import annotations

from typing import get_args

import pytest

from jackfield import ErrorInfo
from jackfield.errors import KINDS
from jackfield.policy.decide import RAISE, TABLE, Decision, Other, Same, Situation, decide
from jackfield.policy.retry import RetryPolicy
from jackfield.policy.retry_budget import RetryBudget
from jackfield.types.resilience import RetryRules

HIGHEST = RetryPolicy(uniform=lambda low, high: high)
FIRST = RetryPolicy(uniform=lambda low, high: high, tries=2)

# kind -> what follows where there is one target; another key and other targets as well; other targets alone
EXPECTED = {
    "transport.connect": ("same", "other_target", "other_target"),
    "config.tls": ("raise", "other_target", "other_target"),
    "transport.reset": ("same", "other_target", "other_target"),
    "local.overload": ("raise", "other_target", "other_target"),
    "local.breaker": ("raise", "other_target", "other_target"),
    "timeout.connect": ("same", "other_target", "other_target"),
    "timeout.upload": ("same", "other_target", "other_target"),
    "timeout.headers": ("same", "other_target", "other_target"),
    "timeout.first_token": ("same", "other_target", "other_target"),
    "timeout.idle": ("same", "other_target", "other_target"),
    "auth": ("raise", "other_key", "other_target"),
    "auth.skew": ("raise", "other_key", "other_target"),
    "quota.money": ("raise", "other_key", "other_target"),
    "model.missing": ("raise", "other_target", "other_target"),
    "server.transient": ("same", "other_target", "other_target"),
    "server": ("same", "other_target", "other_target"),
    "server.overloaded": ("same", "other_target", "other_target"),
    "throttle": ("same", "other_key", "other_target"),
    "quota.window": ("raise", "other_key", "other_target"),
    "protocol": ("raise", "other_target", "other_target"),
    "protocol.body": ("same", "other_target", "other_target"),
    "stream.truncated": ("same", "other_target", "other_target"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_consequence(kind):
    """With one target; with other keys and targets; with other targets alone."""
    error = ErrorInfo(kind)
    situations = (
        Situation(),
        Situation(other_keys=True, other_targets=True),
        Situation(other_targets=True),
    )

    found = tuple(decide(error, situation, HIGHEST).action for situation in situations)

    assert EXPECTED.get(kind, ("raise",) * 3) == found


@pytest.mark.parametrize("kind", KINDS)
def test_the_tables_of_kinds_agree(kind):
    """What may be repeated at the same target stands in both."""
    assert (KINDS[kind].retry == "same") == (kind in TABLE and TABLE[kind].same != "never")


def test_the_table_is_written_in_words_that_mean_something():
    """A word that is not one of these would be read as any other."""
    assert {row.same for row in TABLE.values()} <= set(get_args(Same))
    assert {row.other for row in TABLE.values()} <= set(get_args(Other))


def test_nothing_is_assumed_of_a_situation():
    """The first attempt of three, with nowhere else to go and all the time there is."""
    assert Situation(1, 1, 3, 1, float("inf"), 0.0) == Situation()
    assert RAISE == decide(ErrorInfo("request.context"), Situation(asked=True), HIGHEST)


@pytest.mark.parametrize("kind", ["server", "throttle", "timeout.headers"])
def test_a_target_may_be_tried_more_often_first(kind):
    """Then another one is preferred; but where that is clearly better, at once."""
    situations = (Situation(tries=tries, other_targets=True) for tries in (1, 2))

    found = [decide(ErrorInfo(kind), situation, FIRST).action for situation in situations]

    assert (["same", "other_target"] if kind == "server" else ["other_target"] * 2) == found


@pytest.mark.parametrize(
    ("kind", "situation", "action"),
    [
        ("request.context", Situation(other_targets=True), "raise"),
        ("request.context", Situation(other_targets=True, larger_context=True), "other_target"),
        ("request.policy", Situation(other_targets=True), "raise"),
        ("request.policy", Situation(other_targets=True, asked=True), "other_target"),
        ("request.policy", Situation(asked=True), "raise"),
    ],
)
def test_some_need_leave_to_go_elsewhere(kind, situation, action):
    """A larger context that is declared; a caller who opted in."""
    assert action == decide(ErrorInfo(kind), situation, HIGHEST).action


@pytest.mark.parametrize(
    ("attempt", "sent", "most", "action"),
    [
        (2, 2, 3, "same"),
        (3, 3, 3, "raise"),
        (1, 1, 1, "raise"),
        (4, 4, 99, "same"),
        (5, 5, 99, "raise"),
        (3, 5, 4, "raise"),
    ],
)
def test_attempts_are_counted(attempt, sent, most, action):
    """Over all targets, and five at the very most, whatever is asked for."""
    situation = Situation(attempt, sent, most)

    assert action == decide(ErrorInfo("server"), situation, HIGHEST).action


def test_another_signature_is_no_attempt():
    """It is sent at once, for nothing, also as the last one."""
    situation = Situation(3, 3, 3, resign=True)

    assert Decision("same", free=True) == decide(ErrorInfo("auth"), situation, HIGHEST, RetryBudget())


def test_nothing_follows_content():
    """What was handed on is never repeated."""
    situation = Situation(committed=True, resign=True, other_targets=True)

    assert RAISE == decide(ErrorInfo("stream.truncated"), situation, HIGHEST)


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (ErrorInfo("server"), "raise"),
        (ErrorInfo("timeout.headers"), "raise"),
        (ErrorInfo("server", sent="no"), "other_target"),
        (ErrorInfo("server.overloaded"), "other_target"),
        (ErrorInfo("transport.connect"), "other_target"),
    ],
)
def test_what_must_not_be_done_twice_goes_on_only_if_it_was_not_done(error, action):
    """Neither here nor elsewhere, unless nothing was sent or nothing is charged."""
    situation = Situation(repeatable=False, other_targets=True)

    assert action == decide(error, situation, HIGHEST).action


@pytest.mark.parametrize(
    ("kind", "word", "alone", "others"),
    [
        ("server", False, "raise", "other_target"),
        ("server", True, "same", "other_target"),
        ("model.missing", True, "same", "other_target"),
        ("request.invalid", True, "raise", "raise"),
    ],
)
def test_the_providers_word_counts_for_itself(kind, word, alone, others):
    """`x-should-retry: false` ends attempts there, not elsewhere; `true` does not make a bad request good."""
    error = ErrorInfo(kind, should_retry=word)
    found = [decide(error, Situation(other_targets=other), HIGHEST).action for other in (False, True)]

    assert [alone, others] == found


def test_an_unreadable_answer_is_asked_for_once_more():
    """Not twice."""
    found = [decide(ErrorInfo("protocol.body"), Situation(tries=tries), HIGHEST).action for tries in (1, 2)]

    assert ["same", "raise"] == found


# -- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "situation", "delay"),
    [
        (ErrorInfo("server"), Situation(), 0.25),
        (ErrorInfo("server"), Situation(tries=2), 0.5),
        (ErrorInfo("throttle"), Situation(), 1.0),
        (ErrorInfo("throttle", retry_after=4.0), Situation(), 4.4),
        (ErrorInfo("throttle", retry_after=60.0), Situation(), 61.0),
        (ErrorInfo("server"), Situation(opens_in=12.0), 12.0),
        (ErrorInfo("server"), Situation(opens_in=60.0), 60.0),
        (ErrorInfo("server"), Situation(time_left=6.25), 0.25),
    ],
)
def test_how_long_is_waited(error, situation, delay):
    """Jitter, or what the provider says and a little more, or until the target admits again."""
    assert Decision("same", delay) == decide(error, situation, HIGHEST)


@pytest.mark.parametrize(
    ("error", "situation"),
    [
        (ErrorInfo("throttle", retry_after=60.1), Situation()),
        (ErrorInfo("throttle", retry_after=20.0), Situation(time_left=26.9)),
        (ErrorInfo("server"), Situation(time_left=6.24)),
        (ErrorInfo("server"), Situation(opens_in=60.1)),
    ],
)
def test_what_takes_too_long_is_not_waited_for(error, situation):
    """A minute at most, and never past the time that an attempt needs to connect."""
    assert RAISE == decide(error, situation, HIGHEST)


@pytest.mark.parametrize(("left", "action"), [(6.0, "other_target"), (5.99, "raise")])
def test_no_attempt_begins_without_the_time_to_connect(left, action):
    """Elsewhere neither."""
    situation = Situation(time_left=left, other_targets=True)

    assert action == decide(ErrorInfo("auth"), situation, HIGHEST).action


# -- the budget ----------------------------------------------------------------------------------


def test_a_retry_is_paid_for():
    """What it costs is told, so that it can be given back."""
    budget = RetryBudget()

    costs = [decide(ErrorInfo(kind), Situation(), HIGHEST, budget).cost for kind in ("server", "throttle")]

    assert ([10, 5], 485) == (costs, budget.left)


def test_an_empty_budget_ends_retries():
    """The failure is told as it is, with the word that the budget was empty."""
    budget = RetryBudget(RetryRules(budget=9))

    assert Decision("raise", exhausted=True) == decide(ErrorInfo("server"), Situation(), HIGHEST, budget)


def test_an_empty_budget_does_not_keep_from_going_elsewhere():
    """Another target has a budget of its own."""
    budget, situation = RetryBudget(RetryRules(budget=0)), Situation(other_targets=True)

    assert Decision("other_target") == decide(ErrorInfo("server"), situation, FIRST, budget)


def test_going_elsewhere_costs_nothing():
    """Nor does giving up."""
    budget = RetryBudget()

    for kind in ("auth", "server.overloaded", "request.invalid"):
        decide(ErrorInfo(kind), Situation(other_targets=True), HIGHEST, budget)

    assert 500 == budget.left
