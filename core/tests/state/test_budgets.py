"""Budgets in Redis keep the promises of those in memory."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from jackfield.state import Reserve

FACTS = ["settled", "held", "overrun"]


def reserve(state, hold, amount, lasts=600.0, **facts):
    """The answer to a reservation of a budget of a thousand."""
    return state.reserve(hold, [Reserve("b", 1000, amount, **facts)], lasts).result(60)


@pytest.fixture
def facts(server, settings):
    """Reads what is settled, held and overrun."""
    from redis import Redis

    with Redis.from_url(server.url) as client:
        yield lambda: [int(value or 0) for value in client.hmget(f"{settings.prefix}:b", FACTS)]


def test_what_is_there_is_set_aside(state, facts):
    """To the last unit; the same hold once."""
    answers = [reserve(state, *asked).refused for asked in (("a", 600), ("a", 600), ("b", 401), ("c", 400))]

    assert [None, None, 0, None] == answers
    assert [0, 1000, 0] == facts()


def test_a_refusal_tells_what_is_left(state):
    """And that the budget counts as spent from here on, once."""
    reserve(state, "a", 600)

    first, second = reserve(state, "b", 500), reserve(state, "c", 500)

    assert (0, 400, ((0, 90), (0, 100))) == (first.refused, first.left, first.reached)
    assert () == second.reached


@pytest.mark.parametrize(("actual", "told"), [(100, [100, 0, 0]), (None, [600, 0, 0]), (700, [700, 0, 100])])
def test_a_hold_becomes_what_it_cost(state, facts, actual, told):
    """Once; what it cost beyond is booked and told."""
    reserve(state, "a", 600)
    wants = [Reserve("b", 1000, 600)]

    over = state.settle("a", wants, actual).result(60).over
    state.settle("a", wants, actual).result(60)

    assert told == facts()
    assert ((0,) if actual == 700 else ()) == over


def test_what_was_not_sent_is_given_back(state, facts):
    """Nothing is left of it."""
    reserve(state, "a", 600)

    state.release("a", ["b"])

    assert reserve(state, "b", 1000).refused is None
    assert [0, 1000, 0] == facts()


def test_holds_that_nobody_ends_expire(state, facts):
    """Unsent they are given back; sent they are taken for what was reserved."""
    reserve(state, "unsent", 300, 0.0)
    reserve(state, "sent", 300, 0.3)
    state.sent("sent", ["b"])

    while facts()[:2] != [300, 0]:
        reserve(state, "later", 2000)

    assert [300, 0, 0] == facts()


def test_a_soft_budget_is_taken_all_the_same(state):
    """And it is said that it went beyond."""
    reserve(state, "a", 900)

    answer = reserve(state, "b", 200, soft=True)

    assert (None, (0,)) == (answer.refused, answer.over)


def test_nothing_is_held_where_one_of_several_refuses(state, facts):
    """What the first had set aside is given back."""
    wants = [Reserve("b", 1000, 500), Reserve("c", 100, 500)]

    assert state.reserve("a", wants, 600.0).result(60).refused == 1
    assert [0, 0, 0] == facts()


def test_shares_are_told_once(state):
    """At 90 and at 100 percent."""
    told = []
    for amount in (900, 50, 50):
        reserve(state, "a", amount)
        told.append(state.settle("a", [Reserve("b", 1000, amount)], None).result(60).reached)

    assert [((0, 90),), (), ((0, 100),)] == told


PROCESS = """
import asyncio, json, sys
from attrs import evolve
from jackfield.config import Settings
from jackfield.policy.budgets import Budgets
from jackfield.policy.budgets.shared import SharedBudgets
from jackfield.state import open_state
from jackfield.transport.drivers import AsyncDriver

settings = Settings.load(json.loads(sys.argv[1]), env={})
state, driver = open_state(evolve(settings.state, timeout=60.0)), AsyncDriver(None)
board = Budgets(settings.budgets, SharedBudgets(state))

async def call(number):
    reserved = await driver.run(board.reserving(f"{sys.argv[2]}-{number}", {}, 10**9, 1.8e9, 1.8e9 + 600))
    if reserved:
        board.sent(reserved)
        board.settle(reserved, 10**9, 1.8e9)
    return bool(reserved)

async def calls():
    return await asyncio.gather(*map(call, range(500)))

print(asyncio.run(calls()).count(True))
state.close()
"""


def test_two_processes_have_one_budget(server, settings):
    """Of a thousand calls, five hundred in each, exactly the ten that there is money for are let in."""
    rule = {"limit": "10 USD / day"}
    table = {
        "state": {"url": server.url, "prefix": settings.prefix},
        "budgets": {"all": rule},
    }
    commands = [[sys.executable, "-c", PROCESS, json.dumps(table), name] for name in "ab"]

    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for command in commands]
    admitted = [int(process.communicate(timeout=300)[0]) for process in running]

    assert 10 == sum(admitted)
    assert 10 * 10**9 == settled(server, settings)


def settled(server, settings):
    """What all budgets of the test have spent, while nothing is held."""
    from redis import Redis

    with Redis.from_url(server.url) as client:
        found = [
            client.hgetall(key)
            for key in client.keys(f"{settings.prefix}:budget:all:*")
            if client.type(key) == b"hash"
        ]
    assert {0} == {int(facts[b"held"]) for facts in found if b"held" in facts}
    return sum(int(facts[b"settled"]) for facts in found if b"settled" in facts)
