"""The budgets of a process: several are reserved from as one."""

from __future__ import annotations

from jackfield.config.budgets import BudgetRule
from jackfield.policy.budgets.store import LocalBudgets, Reach, Want


def want(name, limit, amount, soft=False, period="total"):
    """So much of a budget."""
    return Want((name,), BudgetRule(name, limit, period), amount, soft)


def test_a_want_is_hard_unless_it_says_otherwise():
    """And an outcome that refuses nothing has nothing to tell."""
    store = LocalBudgets()
    hard = Want(("x",), BudgetRule("x", 100), 101)

    assert 0 == store.reserve("a", [hard], 0.0, 60.0).refused
    assert (None, 0, float("inf"), (), ()) == store.reserve("b", [want("x", 100, 1)], 0.0, 60.0)


def test_a_limit_is_whole_though_its_share_is_not():
    """A fraction of a nano-dollar is nothing, and what is beyond the limit leaves nothing."""
    store = LocalBudgets(0.5)
    store.reserve("a", [want("x", 3, 5, soft=True)], 0.0, 60.0)

    assert (0, 0) == store.reserve("b", [want("x", 3, 1)], 0.0, 60.0)[:2]
    assert 1 == store.state(("x",), 0.0).limit


def test_a_share_of_the_limit_is_what_there_is():
    """A process that goes on alone has its part."""
    store = LocalBudgets(0.25)

    assert store.reserve("a", [want("x", 100, 25)], 0.0, 60.0).refused is None
    assert store.reserve("b", [want("x", 100, 1)], 0.0, 60.0).refused == 0


def test_the_place_that_refused_is_told():
    """With what is left of it and when it begins anew; what was taken before is given back."""
    store = LocalBudgets()
    wants = [want("x", 100, 50), want("y", 10, 50, period="hour")]

    outcome = store.reserve("a", wants, 100.0, 160.0)

    assert (1, 10, 3600.0) == outcome[:3]
    assert (Reach(wants[1], 90), Reach(wants[1], 100)) == outcome.reached
    assert 0 == store.state(("x",), 100.0).held


def test_soft_wants_go_beyond():
    """All of it is taken, and the places that went beyond are told."""
    store = LocalBudgets()

    outcome = store.reserve("a", [want("x", 100, 50), want("y", 10, 50, soft=True)], 0.0, 60.0)

    assert (None, (1,)) == (outcome.refused, outcome.over)
    assert [50, 50] == [store.state((name,), 0.0).held for name in "xy"]


def test_what_was_spent_in_an_earlier_hour_does_not_count():
    """Whoever looks, reserves or settles later sees the new one."""
    store = LocalBudgets()
    wants = [want("x", 100, 90, period="hour")]
    store.reserve("a", wants, 0.0, 1e9)
    store.settle("a", wants, None, 0.0)

    assert 0 == store.state(("x",), 3600.0).settled
    assert store.reserve("b", wants, 3600.0, 1e9).refused is None


def test_idle_budgets_are_forgotten():
    """Only as many are kept as there may be, but never fewer than are in use."""
    store = LocalBudgets(most=2)
    store.reserve("kept", [want("a", 100, 1)], 0.0, 60.0)
    store.reserve("gone", [want("b", 100, 1)], 0.0, 60.0)
    store.release("gone", [want("b", 100, 1)])

    store.reserve("new", [want("c", 100, 1)], 0.0, 60.0)

    assert [True, False, True] == [store.state((name,), 0.0) is not None for name in "abc"]


def test_what_is_forgotten_can_be_ended_all_the_same():
    """A late word about a hold that expired changes nothing."""
    store = LocalBudgets()
    unknown = [want("x", 100, 1)]

    store.sent("a", unknown)
    store.release("a", unknown)

    assert ((), ()) == store.settle("a", unknown, 5, 0.0)[3:]
    assert 0 == store.state(("x",), 0.0).settled


def test_what_is_sent_does_not_expire_to_nothing():
    """The upper bound is taken when nobody tells what it came to."""
    store = LocalBudgets()
    wants = [want("x", 100, 40)]
    store.reserve("a", wants, 0.0, 60.0)

    store.sent("a", wants)

    assert (40, 0) == (store.state(("x",), 60.0).settled, store.state(("x",), 60.0).held)


def test_settling_tells_where_it_went_beyond_and_what_is_spent():
    """Of each budget by its place."""
    store = LocalBudgets()
    wants = [want("x", 1000, 10), want("y", 20, 10)]
    store.reserve("a", wants, 0.0, 60.0)

    outcome = store.settle("a", wants, 18, 0.0)

    assert ((0, 1), (Reach(wants[1], 90),)) == (outcome.over, outcome.reached)
