"""The budget for retries, and what it does to the load of a provider that is down."""

from __future__ import annotations

import threading

import pytest

from jackfield import ErrorInfo
from jackfield.policy.decide import Situation, decide
from jackfield.policy.retry import RetryPolicy
from jackfield.policy.retry_budget import RetryBudget
from jackfield.types.resilience import RetryRules

SERVER = ErrorInfo("server")


def test_it_pays_for_fifty_failures_in_a_row():
    """500, at 10 each; then nothing, and what is too little stays."""
    budget = RetryBudget(RetryRules(budget=505))

    assert [True] * 50 + [False] == [budget.take(10) for _ in range(51)]
    assert 5 == budget.left


@pytest.mark.parametrize(
    ("kind", "cost"),
    [
        ("server", 10),
        ("server.overloaded", 10),
        ("throttle", 5),
        ("quota.window", 5),
        ("transport.reset", 10),
    ],
)
def test_a_throttle_costs_half(kind, cost):
    """Waiting is what it asks for; the provider is up."""
    assert cost == RetryBudget().cost(kind)


def test_success_gives_back():
    """A retry that succeeds costs nothing, a first try earns one, and it is never more than full."""
    budget = RetryBudget()
    budget.take(10)
    budget.take(10)

    budget.refund(10)
    budget.earn()
    assert 491 == budget.left
    budget.refund(0)
    budget.refund(100)
    budget.earn()

    assert 500 == budget.left


def test_threads_share_it():
    """Nobody spends what somebody else has spent."""
    budget = RetryBudget(RetryRules(budget=1000))
    taken = []

    def spend():
        taken.extend(budget.take(10) for _ in range(100))

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (100, 0) == (sum(taken), budget.left)


def attempts(rate, seconds, fails):
    """The requests that a provider sees of calls at a rate, each of up to three attempts."""
    policy, budget, seen = RetryPolicy(), RetryBudget(), 0
    for _ in range(rate * seconds):
        for attempt in (1, 2, 3):
            seen += 1
            if not fails():
                if attempt == 1:
                    budget.earn()
                else:
                    budget.refund(10)
                break
            if decide(SERVER, Situation(attempt, attempt, tries=attempt), policy, budget).action == "raise":
                break
    return seen / (rate * seconds)


@pytest.mark.parametrize(("rate", "most"), [(1, 1.17), (50, 1.004)])
def test_an_outage_is_not_made_worse(rate, most):
    """Five minutes of nothing but failures: the load stays near one, where without a budget it is three."""
    assert 1 < attempts(rate, 300, lambda: True) <= most


def test_random_failures_are_retried_as_ever(make_chance):
    """Where every fifth attempt fails the budget does not run out."""
    chance = make_chance(20261121)

    assert attempts(50, 300, lambda: chance.random() < 0.2) == pytest.approx(1.24, abs=0.02)


@pytest.fixture
def make_chance():
    """Chance that is the same in every run."""
    import random

    return random.Random
