"""The budgets of a client: reserved before an attempt, settled after it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from jackfield import BudgetExceeded
from jackfield.config import Settings
from jackfield.flow import NOW as NOW_EFFECT
from jackfield.policy.budgets import Alert, Budgets
from jackfield.policy.budgets.board import GRACE, Status
from jackfield.policy.budgets.store import LocalBudgets, Outcome, Reach
from jackfield.transport.drivers import AsyncDriver, SyncDriver

USD = 1_000_000_000
NOW = 1_800_000_000.0


def budgets(alert=None, **rules):
    """The budgets of a configuration."""
    routes = {"local": {"targets": ["acme/m"]}}
    return Budgets(Settings.load({"budgets": rules, "routes": routes}, env={}).budgets, alert=alert)


def reserve(board, name, amount, **subject):
    """A hold of an amount in dollars."""
    nano = None if amount is None else int(amount * USD)
    return board.reserve(name, subject, nano, NOW, NOW + 600)


def test_holds_outlive_their_calls_by_a_minute():
    """Long enough for whoever settles late."""
    assert 60 == GRACE


def test_without_rules_there_is_nothing_to_ask():
    """A client can tell without a call."""
    assert not budgets()
    assert budgets(all={"limit": "1 USD"})


def test_what_is_not_there_is_refused():
    """With what is left, what was asked for and when the budget begins anew."""
    board = budgets(team={"limit": "10 USD / day"})
    board.settle(reserve(board, "a", 9), None, NOW)

    refused = reserve(board, "b", 2)

    assert not refused
    assert isinstance(refused.refusal, BudgetExceeded)
    assert "budget `team` (10 USD / day): 1 USD are left, the call may cost 2 USD; nothing was sent" in str(
        refused.refusal
    )
    assert (86400 - NOW % 86400, "no") == (refused.refusal.retry_after, refused.refusal.info.sent)


def test_a_spent_budget_may_lead_to_another_route():
    """And that route is taken however spent the budget is."""
    board = budgets(all={"limit": "1 USD", "on_exceeded": "route:local"})

    first = reserve(board, "a", 2)
    second = reserve(board, "a", 2, route="local")

    assert ("route:local", False, True) == (first.route, bool(first), bool(second))


def test_a_budget_may_only_warn():
    """The call is made, and says so."""
    board = budgets(all={"limit": "1 USD / month", "on_exceeded": "warn"})

    reserved = reserve(board, "a", 2)

    assert reserved
    assert ["budget_exceeded"] == [notice.code for notice in reserved.notices]
    assert (
        "budget `all` (1 USD / month) is spent; the call was made all the same" == reserved.notices[0].message
    )


def test_an_unknown_price_is_refused_unless_allowed():
    """It is not taken for nothing."""
    strict = budgets(all={"limit": "1 USD"})
    lenient = budgets(all={"limit": "1 USD", "unknown_price": "allow"})

    assert "whose price is not known" in str(reserve(strict, "a", None).refusal)
    assert reserve(lenient, "a", None)


def test_each_user_has_a_budget_of_his_own():
    """And rules are for those they name."""
    board = budgets(each={"scope": "user", "limit": "1 USD", "only": {"project": "x*"}})

    admitted = [
        bool(reserve(board, str(place), 0.9, **subject))
        for place, subject in enumerate(
            (
                {"user": "a", "project": "x1"},
                {"user": "b", "project": "x1"},
                {"user": "a", "project": "x2"},
                {"user": "a"},
            )
        )
    ]

    assert [True, True, False, True] == admitted


def test_nothing_is_held_where_one_of_several_refuses():
    """A refusal of the second gives back what the first had set aside."""
    board = budgets(day={"limit": "10 USD / day"}, hour={"limit": "1 USD / hour"})

    reserve(board, "a", 2)

    assert [0, 0] == [status.held for status in board.status(NOW, {})]


def test_alerts_are_told_as_they_happen():
    """At 90 and at 100 percent of what is spent."""
    told = []
    board = budgets(told.append, all={"limit": "10 USD", "scope": "user"})

    for name, amount in (("a", 9), ("b", 1)):
        board.settle(reserve(board, name, amount, user="u"), None, NOW)

    assert [Alert("all", ("u",), 90, 10 * USD), Alert("all", ("u",), 100, 10 * USD)] == told


def test_a_refusal_is_told_as_spent():
    """The first of them, not each."""
    told = []
    board = budgets(told.append, all={"limit": "10 USD"})

    for name in "ab":
        reserve(board, name, 11)

    assert [90, 100] == [alert.percent for alert in told]


def test_settling_tells_what_was_overrun():
    """By the budget's name."""
    board = budgets(all={"limit": "10 USD"})
    reserved = reserve(board, "a", 1)
    board.sent(reserved)

    assert ("all",) == board.settle(reserved, 2 * USD, NOW)
    assert () == board.settle(reserved, 2 * USD, NOW)


def test_releasing_gives_everything_back():
    """Nothing was sent."""
    board = budgets(all={"limit": "10 USD"})

    board.release(reserve(board, "a", 1))

    assert (0, 0) == (board.status(NOW, {})[0].held, board.status(NOW, {})[0].settled)


def test_the_refusal_is_told_in_full():
    """What failed, what would mend it, and that nothing was sent."""
    told = reserve(budgets(all={"limit": "1.50 USD"}), "a", 2).refusal.info

    assert told.message == (
        "budget `all` (1.5 USD): 1.5 USD are left, the call may cost 2 USD; nothing was sent"
    )
    assert "lower `max_tokens`, take a cheaper model, or raise the budget" == told.hint
    assert ("local.budget", None, "no") == (told.kind, told.retry_after, told.sent)


def test_the_refusal_of_an_unknown_price_says_how_to_allow_it():
    """By the budget's own table."""
    told = reserve(budgets(all={"limit": "1 USD"}), "a", None).refusal.info

    assert "give the model a price" in told.hint
    assert '`unknown_price = "allow"` in [budgets.all]' in told.hint
    assert ("local.budget", "no") == (told.kind, told.sent)


def test_what_nobody_bounds_is_assumed_by_each_budget():
    """In tokens of answer, and a refusal says that it is an assumption."""
    board = budgets(
        small={"limit": "100 USD", "assume_output": 1000}, usual={"limit": "9 USD", "only": {"user": "ann"}}
    )

    small, refused = (
        board.reserve(name, {"user": name}, lambda tokens: tokens * USD // 100, NOW, NOW + 600)
        for name in ("bob", "ann")
    )

    assert [1000] == [want.assumed for want in small.wants]
    assert "9 USD are left, the call may cost 81.92 USD if its answer has 8192 tokens" in str(refused.refusal)
    assert "set `max_tokens`" in refused.refusal.info.hint


def test_an_unknown_price_is_none_by_any_length():
    """However long an answer is assumed to be."""
    refused = budgets(all={"limit": "1 USD"}).reserve("a", {}, lambda tokens: None, NOW, NOW + 600)

    assert "whose price is not known" in str(refused.refusal)


def test_an_unknown_price_holds_nothing():
    """Where it is allowed."""
    board = budgets(all={"limit": "1 USD", "unknown_price": "allow"})

    reserve(board, "a", None)

    assert 0 == board.status(NOW, {})[0].held


def test_the_end_of_a_period_is_never_past():
    """Where a clock runs ahead of the other, one may try at once."""
    board = budgets(all={"limit": "1 USD / hour"})
    reserve(board, "a", 1)

    late = board._told("b", board.wants({}, 1), None, Outcome(0, 0, NOW - 5), NOW)

    assert 0.0 == late.refusal.retry_after


def test_how_a_budget_stands_is_told_by_its_names():
    """Also of one that nobody has spent of."""
    board = budgets(all={"limit": "9 USD / hour", "scope": ["user", "project"]})
    subject = {"user": "u", "project": "p"}
    before = board.status(NOW, subject)
    board.settle(reserve(board, "a", 2, **subject), USD, NOW)
    reserve(board, "b", 3, **subject)

    assert (Status("all", ("u", "p"), 9 * USD, 0, 0, None),) == before
    assert (Status("all", ("u", "p"), 9 * USD, USD, 3 * USD, NOW - NOW % 3600 + 3600),) == board.status(
        NOW, subject
    )


@pytest.mark.parametrize(
    ("route", "taken"), [("local", True), ("route:local", True), ("other", False), ("", False)]
)
def test_the_route_instead_is_told_by_its_name(route, taken):
    """With or without the word before it."""
    board = budgets(all={"limit": "1 USD", "on_exceeded": "route:local"})

    assert taken == bool(reserve(board, "a", 2, **({"route": route} if route else {})))


class Elsewhere(LocalBudgets):
    """Budgets kept elsewhere, as far as a client can tell."""

    tell = None

    def reserving(self, hold, wants, now, expires):
        """The answer of the other side."""
        yield NOW_EFFECT
        return self.reserve(hold, wants, now, expires), self


def shared(told, **rules):
    """A board whose budgets are kept elsewhere, and a driver."""
    store = Elsewhere()
    board = Budgets(Settings.load({"budgets": rules}, env={}).budgets, store, told.append)
    return board, store, SyncDriver(None)


def test_shared_budgets_are_asked_elsewhere():
    """Reserved, sent, settled and released there; what they tell reaches whoever listens."""
    told = []
    board, store, driver = shared(told, all={"limit": "2 USD"})
    first, second, third = (driver.run(board.reserving(name, {}, USD, NOW, NOW + 60)) for name in "abc")

    board.sent(first)
    board.settle(first, None, NOW)
    board.release(second)
    store.tell((Reach(first.wants[0], 90),))

    assert [True, True, False] == [bool(one) for one in (first, second, third)]
    assert (USD, 0) == (store.state(("all", "global"), NOW).settled, store.state(("all", "global"), NOW).held)
    assert [90, 100, 90] == [alert.percent for alert in told]


def test_shared_budgets_refuse_unknown_prices_unasked():
    """Nothing is held elsewhere for them."""
    board, store, driver = shared([], all={"limit": "2 USD"})

    refused = driver.run(board.reserving("a", {}, None, NOW, NOW + 60))

    assert "whose price is not known" in str(refused.refusal)
    assert store.state(("all", "global"), NOW) is None


def spend(board, number, admitted):
    """One call for a dollar."""
    reserved = reserve(board, f"call-{number}", 1)
    if reserved:
        admitted.append(number)
        board.sent(reserved)
        board.settle(reserved, USD, NOW)


def test_a_thousand_threads_spend_exactly_what_there_is():
    """With money for ten, ten are let in, and nothing is left held."""
    board, admitted = budgets(all={"limit": "10 USD / day"}), []
    threads = [threading.Thread(target=spend, args=(board, number, admitted)) for number in range(1000)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    status = board.status(NOW, {})[0]
    assert (10, 10 * USD, 0) == (len(admitted), status.settled, status.held)


def test_a_thousand_tasks_spend_exactly_what_there_is():
    """They all reserve before the first settles; those that find nothing left are refused."""
    board, driver = budgets(all={"limit": "10 USD / day"}), AsyncDriver(None)

    async def call(number):
        reserved = await driver.run(board.reserving(f"call-{number}", {}, USD, NOW, NOW + 600))
        await asyncio.sleep(0)
        if reserved:
            board.settle(reserved, USD // 2, NOW)
        return bool(reserved)

    async def calls():
        return await asyncio.gather(*map(call, range(1000)))

    status = (
        asyncio.run(calls()).count(True),
        board.status(NOW, {})[0].settled,
        board.status(NOW, {})[0].held,
    )
    assert (10, 5 * USD, 0) == status
