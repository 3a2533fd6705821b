"""Calls with settings and options that are odd, wrong, or contradict each other, against the simulator."""

from __future__ import annotations

import asyncio
import gc
import itertools
import time
from collections.abc import Iterator

import pytest
from jackfield_simulator import Simulator

from jackfield import (
    AsyncClient,
    BadConfig,
    BudgetExceeded,
    Client,
    Image,
    InvalidRequest,
    JackfieldError,
    Message,
    Text,
    TimedOut,
    Timeouts,
    Unavailable,
)
from jackfield.auth.pool import KeyPool

MODEL = "openai/gpt-4o-mini"
VECTORS = "openai/text-embedding-3-small"
NOTHING = "0.000000001 USD"
LONG = "groq/moonshotai/kimi-k2-instruct"  # of which nobody states how long its answers may be


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
    """No call says of itself that it is where a spent budget leads; it goes there."""
    budgets = {"a": {"limit": NOTHING, "on_exceeded": "route:x"}}
    ways = {"x": {"targets": ["groq/llama-3.1-8b-instant"]}, "y": {"targets": [MODEL]}}
    used = simulator.client("openai", "groq", budgets=budgets, routes=ways)

    with pytest.raises(InvalidRequest, match="the tag `route` is not yours to set"):
        used.complete(through, "hi", tags={"route": "x"})
    assert "groq" == used.complete(through, "hi").provider


def test_settings_cannot_say_which_route_a_call_takes():
    """Neither can the tags that stand in a file."""
    with pytest.raises(BadConfig, match="tags: the tag `route` is not yours to set"):
        Client({"tags": {"route": "x"}})


def test_a_budget_refuses_nobody_for_what_we_do_not_know(simulator):
    """Neither the length of an answer nor that of a picture has to be known; what it cost is settled exactly."""
    used = simulator.client("groq", budgets={"a": {"limit": "0.1 USD / day"}})
    assert used.bind(LONG).model.max_output is None

    answer = used.complete(LONG, "hi")
    status = used.services.budgets.status(time.time(), {})[0]

    assert (int(answer.charge * 10**9), 0) == (status.settled, status.held)


@pytest.mark.parametrize(("fault", "share"), [("silent", 1.0), ("half-json", 1.0), ("failed", 0.01)])
def test_what_nobody_saw_is_taken_for_what_was_set_aside(simulator, fault, share):
    """A whole answer that did not come in time may have been made; one that failed was not."""
    simulator.fault(fault)
    used = client(simulator, budgets={"a": {"limit": "1 USD"}}, max_retries=0)
    most = int(used.quote(MODEL, "hi", max_tokens=1000).high * 10**9)

    with pytest.raises(JackfieldError):
        used.complete(MODEL, "hi", max_tokens=1000, timeout=1 if fault == "silent" else 60)

    status = used.services.budgets.status(time.time(), {})[0]
    assert share == pytest.approx(status.settled / most, abs=0.01)
    assert 0 == status.held


def test_who_leaves_pays_what_was_expected(simulator):
    """Of a whole answer: as much as was allowed."""
    simulator.fault("silent", times=9)
    settings = {"openai": simulator.settings("openai")}
    rules = {"budgets": {"a": {"limit": "1 USD"}}}

    async def leave() -> tuple[int, int]:
        used = AsyncClient({"providers": settings, **rules}, registry=simulator.app.router.registry)
        call = asyncio.create_task(used.complete(MODEL, "hi", max_tokens=1000))
        while not simulator.server.requests:  # noqa: ASYNC110  # it is in another thread
            await asyncio.sleep(0.01)
        call.cancel()
        await asyncio.wait([call])
        await used.aclose()
        return used.services.budgets.status(time.time(), {})[0].settled, used.services.budgets.status(0, {})[
            0
        ].held

    settled, held = asyncio.run(leave())
    assert (True, 0) == (settled > 600_000, held)  # 1000 tokens at 0.60 USD a million


def test_a_batch_stays_with_one_of_several_keys(simulator, monkeypatch):
    """From the file it goes up as to the answers, though another key has its turn at every step."""
    turns = itertools.count()
    monkeypatch.setattr(KeyPool, "order", lambda pool, now: [next(turns) % 2, next(turns) % 2])
    settings = {**simulator.settings("openai"), "api_key": ["sk-one-0123456789", "sk-two-0123456789"]}
    used = Client({"providers": {"openai": settings}}, registry=simulator.app.router.registry)

    for _ in range(2):
        batch = used.batches.create(MODEL, ["hi"], max_tokens=10)
        assert "hi" == used.batches.results(used.batches.get(batch)).results[0].completion.text
        next(turns)

    by_key = [[line.key for line in simulator.requests()][half] for half in (slice(5), slice(5, None))]
    assert [1, 1] == [len({*keys}) for keys in by_key]
    assert by_key[0] != by_key[1]


PICTURE = Message("user", (Text("what is it?"), Image("image/png", data=b"\x89PNG\r\n\x1a\n")))


def test_a_budget_refuses_no_picture(simulator):
    """How many tokens one makes is not known, and is no reason."""
    used = client(simulator, budgets={"a": {"limit": "1 USD"}})

    used.complete(MODEL, [PICTURE])
    assert used.quote(MODEL, [PICTURE]).high is None
