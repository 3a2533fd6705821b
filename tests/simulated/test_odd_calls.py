"""Calls with settings and options that are odd, wrong, or contradict each other, against the simulator."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest
from jackfield_simulator import Simulator

from jackfield import (
    AsyncClient,
    BadConfig,
    BudgetExceeded,
    Client,
    InvalidRequest,
    TimedOut,
    Timeouts,
    Unavailable,
)

MODEL = "openai/gpt-4o-mini"
VECTORS = "openai/text-embedding-3-small"
NOTHING = "0.000000001 USD"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Every provider."""
    with Simulator() as started:
        yield started


def client(simulator: Simulator, **settings: object) -> Client:
    """A client of one provider."""
    return simulator.client("openai", **settings)


@pytest.mark.parametrize("through", [MODEL, "route:r"])
@pytest.mark.parametrize(
    "option",
    [
        {"hedge": "soon"},
        {"hedge": -1},
        {"hedge": float("nan")},
        {"cache": "no"},
        {"cache": 1},
        {"timeout": float("inf")},
        {"timeout": 0},
        {"tags": {"user": "\ud800"}},
        {"tags": {"user": "a\0b"}},
    ],
    ids=str,
)
def test_an_odd_option_is_refused(simulator, through, option):
    """By name, and before anything is sent."""
    used = client(simulator, routes={"r": {"targets": [MODEL]}})

    with pytest.raises(InvalidRequest, match=next(iter(option))):
        used.complete(through, "hi", **option)

    simulator.assert_no_requests()


@pytest.mark.parametrize("stream", [False, True])
def test_clocks_of_a_call_hold_on_a_route(simulator, stream):
    """Also the total that stands among other clocks."""
    simulator.fault("silent", times=9)
    used = client(simulator, routes={"r": {"targets": [MODEL]}})
    clocks = Timeouts(total=0.2)

    with pytest.raises(TimedOut):
        used.stream("route:r", "hi", timeout=clocks).completion() if stream else used.complete(
            "route:r", "hi", timeout=clocks
        )


def test_spent_budgets_do_not_lead_in_circles(simulator):
    """Two that lead to each other's routes end in the refusal of one."""
    budgets = {
        "a": {"limit": NOTHING, "on_exceeded": "route:x"},
        "b": {"limit": NOTHING, "on_exceeded": "route:y"},
    }
    used = client(simulator, budgets=budgets, routes={"x": {"targets": [MODEL]}, "y": {"targets": [MODEL]}})

    with pytest.raises(BudgetExceeded):
        used.complete(MODEL, "hi")

    simulator.assert_no_requests()


def test_a_budget_leads_on_with_all_that_was_asked(simulator):
    """The hints of the call hold on the route it is led to."""
    budgets = {"a": {"limit": NOTHING, "on_exceeded": "route:x"}}
    used = client(simulator, budgets=budgets, routes={"x": {"targets": [MODEL]}})

    assert "budget_exceeded" == used.complete(MODEL, "hi").warnings[0].code
    with pytest.raises(BudgetExceeded, match="is above"):
        used.complete(MODEL, "hi", max_cost=0.005, estimated_tokens=100_000)


def test_a_budget_leads_to_no_route_that_is_none(simulator):
    """Which is told at the start."""
    with pytest.raises(BadConfig, match=r"budgets.a.on_exceeded: there is no route `chep`, did you mean"):
        client(
            simulator,
            budgets={"a": {"limit": "1 USD", "on_exceeded": "route:chep"}},
            routes={"cheap": {"targets": [MODEL]}},
        )


def test_a_budget_holds_what_operations_cost(simulator):
    """Vectors at the price of their texts; lists for nothing; what nobody can tell is refused."""
    used = client(simulator, budgets={"a": {"limit": "0.00001 USD"}})

    used.embed(VECTORS, ["hi"])
    used.models("openai")
    used.files.list("openai")

    with pytest.raises(BudgetExceeded, match=r"0.00001 USD"):
        used.embed(VECTORS, ["word " * 3000])
    with pytest.raises(BudgetExceeded, match="price is not known"):
        used.image("openai/dall-e-3", "a cat")


def test_a_batch_is_held_when_it_is_made(simulator):
    """At the rates of batches, for all its answers as long as they may be."""
    used = client(simulator, budgets={"a": {"limit": "0.00005 USD"}})

    used.batches.create(MODEL, ["hi"], max_tokens=100)

    with pytest.raises(BudgetExceeded):
        used.batches.create(MODEL, ["hi", "ho"], max_tokens=100)


@pytest.mark.parametrize("name", ["route:r", None])
def test_questions_about_a_route_are_about_its_first_choice(simulator, name):
    """What a call would cost and take, whether the route is named or is the default."""
    used = client(simulator, default="route:r", routes={"r": {"targets": [MODEL]}})

    assert used.quote(MODEL, "hi") == used.quote(name, "hi", max_latency_ms=500)
    assert used.count_tokens(MODEL, "hi").tokens == used.count_tokens(name, "hi").tokens
    assert () == used.losses(name, "hi")
    with pytest.raises(BudgetExceeded):
        used.quote(name, "hi", max_cost=1e-9)


def test_what_is_about_one_model_takes_no_route(simulator):
    """It says so, and who tells which model that would be."""
    used = client(simulator, routes={"r": {"targets": [MODEL]}})

    with pytest.raises(InvalidRequest, match="`route:r` is a route, and this is about one model"):
        used.batches.create("route:r", ["hi"])
    with pytest.raises(InvalidRequest, match="there is no option `tempature`"):
        used.explain("r", "hi", tempature=1)


def test_a_ledger_that_nobody_used_is_not_opened():
    """Not even to close it, though it is out of reach."""

    async def used() -> None:
        async with AsyncClient({"ledger": "postgresql://nobody@127.0.0.1:1/nothing"}):
            pass

    assert asyncio.run(used()) is None


def test_failures_do_not_eat_a_budget(simulator):
    """They count for what went in, and not for the longest answer there might have been."""
    simulator.fault("failed", times=50)
    used = client(simulator, budgets={"a": {"limit": "0.01 USD"}})  # one call may cost almost that

    for _ in range(20):
        with pytest.raises(Unavailable):
            used.complete(MODEL, "hi")


def test_a_shared_flight_that_fails_when_all_have_left_is_no_surprise(simulator, caplog):
    """Nobody is there to be told, and the event loop does not complain."""
    simulator.fault("silent", times=9)
    settings = {"openai": simulator.settings("openai")}
    rules = {"limits": {"a": {"concurrent": 1, "max_wait": 0.05}}, "cache": {"single_flight": True}}

    async def leave() -> None:
        used = AsyncClient({"providers": settings, **rules}, registry=simulator.app.router.registry)
        calls = [asyncio.create_task(used.complete(MODEL, text)) for text in ("hi", "ho")]
        await asyncio.wait(calls, timeout=0.04)
        [call.cancel() for call in calls]
        await asyncio.wait(calls)
        await used.aclose()

    asyncio.run(leave())
    gc.collect()

    assert [] == [record for record in caplog.records if "never retrieved" in record.message]


@pytest.mark.parametrize("through", [MODEL, "route:y"])
def test_a_tag_opens_no_budget(simulator, through):
    """A call is led to the route that stands in, also if it says of itself that it is there already."""
    budgets = {"a": {"limit": NOTHING, "on_exceeded": "route:x"}}
    ways = {"x": {"targets": ["groq/llama-3.1-8b-instant"]}, "y": {"targets": [MODEL]}}
    used = simulator.client("openai", "groq", budgets=budgets, routes=ways)

    assert "groq" == used.complete(through, "hi", tags={"route": "x"}).provider
