"""Streams with everything switched on: whatever becomes of one, every book is closed, and once.

Limits, budgets, a ledger, observers, measures and routes, over the sockets of the simulator, sync and async.
"""

from __future__ import annotations

import asyncio
import gc
import time
import warnings
from collections import Counter
from contextlib import suppress

import pytest

from jackfield import AsyncClient, Client, Hedge, StreamInterrupted, TimedOut
from jackfield.policy.limits import Cost, Hold
from jackfield.telemetry import Fence, name_of

pytest.importorskip("jackfield_simulator")

FIRST, SECOND = "mistral/mistral-large-latest", "groq/llama-3.3-70b-versatile"
RIVERS = "Aare, Limmat, Reuss, Rhone, Ticino, Inn."
PLACES = 2


class Noting:
    """Counts what happens, by name."""

    def __init__(self):
        self.events = []

    def observe(self, event):
        self.events.append(event)

    def count(self):
        return Counter(name_of(event) for event in self.events)

    @property
    def outcomes(self):
        return [event.outcome for event in self.events if name_of(event) == "llm.call.finished"]


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    """No configuration of this machine's."""
    monkeypatch.setenv("JACKFIELD_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def watched(simulator, tmp_path):
    """Clients with everything switched on, and an observer."""
    settings = {
        "providers": {name: simulator.settings(name) for name in ("mistral", "groq")},
        "routes": {"r": {"strategy": "fallback", "targets": [FIRST, SECOND]}},
        "retry": {"base": 0.001, "throttle_base": 0.001},
        "limits": {"all": {"concurrent": PLACES, "on_limit": "refuse"}},
        "budgets": {"day": {"limit": "10 USD / day"}},
    }
    made = []

    def make(kind, **more):
        made.append(kind({**settings, "ledger": str(tmp_path / f"ledger{len(made)}.sqlite"), **more}))
        client, noting = made[-1], Noting()
        client.services.fence, client.services.books = Fence([noting]), None
        client.services.watch()
        return client, noting

    yield make
    for client in made:
        client.ledger.close()


@pytest.fixture(params=["sync", "async"])
def ask(request, watched):
    """Streams one answer as far as ``until`` says, by a new client of either kind."""

    def run(model, until=None, settings=None, **options):
        client, noting = watched(Client if request.param == "sync" else AsyncClient, **(settings or {}))
        if request.param == "sync":
            return client, noting, _read(client, model, until, options)
        return client, noting, asyncio.run(_read_async(client, model, until, options))

    return run


def _read(client, model, until, options):
    try:
        with client.stream(model, RIVERS, **options) as stream:
            for _, _text in zip(range(until or 1000), stream.text, strict=False):
                begun = time.monotonic()
        return stream.completion() if until is None else time.monotonic() - begun
    except StreamInterrupted as exc:
        return exc
    finally:
        client.close()


async def _read_async(client, model, until, options):
    try:
        async with client.stream(model, RIVERS, **options) as stream:
            read = 0
            async for _ in stream.text:
                read, begun = read + 1, time.monotonic()
                if read == until:
                    break
        return await stream.completion() if until is None else time.monotonic() - begun
    except StreamInterrupted as exc:
        return exc
    finally:
        await client.aclose()


def settled(client, noting, calls=1):
    """Whether nothing is held, taken, under way or open; and the attempts as the ledger has them."""
    limits, now = client.services.limits, time.monotonic()
    holds = [limits.admit({}, Cost(1, 0, 0), now) for _ in range(PLACES)]
    assert [Hold] * PLACES == [type(hold) for hold in holds]
    for hold in holds:
        limits.release(hold, now)
    assert 0 == sum(status.held for status in client.services.budgets.status(time.time(), {}))
    meters = [client.routes.measures.of(model) for model in (FIRST, SECOND)]
    assert [0, 0] == [meter.in_flight for meter in meters]
    told = noting.count()
    assert calls == told["llm.call.started"] == told["llm.call.finished"]
    assert told["llm.attempt.started"] == told["llm.attempt.finished"]
    rows = client.ledger.rows("SELECT kind, count(*) FROM ledger GROUP BY 1")
    kinds = dict(rows)
    assert kinds.get("attempt.started", 0) == kinds.get("attempt.finished", 0)
    assert kinds.get("request.finished", 0) <= calls
    query = "SELECT provider, role, outcome, billed FROM attempts ORDER BY attempt_id"
    ends = "SELECT outcome, attempts FROM ledger WHERE kind = 'request.finished'"
    return client.ledger.rows(query), client.ledger.rows(ends), noting.outcomes


def test_a_stream_that_is_read_to_its_end(ask, simulator):
    """What is taken from the budget is what it cost."""
    client, noting, answer = ask("route:r")

    expected = ([("mistral", "first", "ok", "yes")], [("ok", 1)], ["ok"])
    assert (RIVERS, expected) == (answer.text, settled(client, noting))
    assert int(answer.charge * 10**9) == client.services.budgets.status(time.time(), {})[0].settled


@pytest.mark.parametrize("fault", ["cut-before-content", "error-first", "failed", "silent-body"])
def test_what_fails_before_content_is_got_over_unseen(ask, simulator, fault):
    """By another target, and accounted for."""
    simulator.fault(fault, match="mistral")
    client, noting, answer = _patient(lambda quick: ask("route:r", settings={"routes": {"r": quick}}))

    attempts, ends, outcomes = settled(client, noting)
    assert (RIVERS, "groq", 2, False) == (
        answer.text,
        answer.provider,
        len(answer.attempts),
        answer.stitched,
    )
    assert [("first", "failed"), ("fallback", "ok")] == [row[1:3] for row in attempts]
    assert ([("ok", 2)], ["ok"]) == (ends, outcomes)


def _patient(attempt):
    """What comes of a route with the shortest patience that a busy machine does not exhaust at a sound target."""
    route = {"strategy": "fallback", "targets": [FIRST, SECOND]}
    for most in (200, 2000, 20_000):
        with suppress(TimedOut):
            found = attempt({**route, "max_latency_ms": most})
            if len(found[-1].attempts) == 2:
                break
    return found


def _at_once(attempt):
    """What an attempt came to that took less than 100 ms in the end; a busy machine has some to do so."""
    for _ in range(9):
        found = attempt()
        if found[-1] < 0.1:
            return found
    return attempt()


@pytest.mark.parametrize("fault", ["cut-after-content", "unfinished", "error-later"])
@pytest.mark.parametrize("model", [FIRST, "route:r"])
def test_what_fails_after_content_is_told(ask, simulator, model, fault):
    """With what came, what it used and why; nothing is sent again."""
    simulator.fault(fault)
    client, noting, error = ask(model)

    attempts, ends, outcomes = settled(client, noting)
    assert isinstance(error, StreamInterrupted)
    assert ("", True) != (error.partial.text, RIVERS.startswith(error.partial.text))
    assert (1, error.cause.kind) == (simulator.server.requests, error.partial.attempts[-1].error.kind)
    assert [("mistral", "first", "interrupted", "yes")] == attempts
    assert ([("interrupted", 1)], ["failed"]) == (ends, outcomes)


def test_a_stream_that_goes_on_is_one_call(ask, simulator):
    """Two attempts, two entries, one end."""
    simulator.fault("unfinished", "ok")
    client, noting, answer = ask(FIRST, on_interrupt="continue")

    attempts, ends, outcomes = settled(client, noting)
    assert (RIVERS, True) == (answer.text, answer.stitched)
    assert [("first", "interrupted"), ("retry", "ok")] == [row[1:3] for row in attempts]
    assert ([("ok", 2)], ["ok"]) == (ends, outcomes)
    told = next(event for event in noting.events if name_of(event) == "llm.call.finished")
    assert (2, answer.charge) == (told.attempts, told.charge)


@pytest.mark.parametrize("model", [FIRST, "route:r"])
def test_who_leaves_early_is_back_at_once(ask, simulator, model):
    """The connection is dropped, and what came is paid for."""
    simulator.fault("stall")
    client, noting, seconds = _at_once(lambda: ask(model, until=1))

    assert seconds < 0.1
    expected = ([("mistral", "first", "cancelled", "yes")], [("cancelled", 1)], ["cancelled"])
    assert expected == settled(client, noting)


@pytest.mark.parametrize("fault", ["silent", "silent-body", "stall"])
@pytest.mark.parametrize("model", [FIRST, "route:r"])
def test_who_is_cancelled_is_back_at_once(watched, simulator, model, fault):
    """Wherever the stream is: before the head, before content, in the middle."""
    simulator.fault(fault)

    def attempt():
        client, noting = watched(AsyncClient)
        content = fault == "stall"
        return (
            client,
            noting,
            asyncio.run(_cancelled(client.stream(model, RIVERS), client, simulator, content)),
        )

    client, noting, seconds = _at_once(attempt)
    attempts, ends, outcomes = settled(client, noting)
    assert seconds < 0.1
    assert ([("cancelled", 1)], ["cancelled"]) == (ends, outcomes)
    assert [("first", "cancelled", "yes" if fault == "stall" else "maybe")] == [row[1:] for row in attempts]


@pytest.mark.parametrize("fault", ["silent", "silent-body", "stall"])
def test_who_is_cancelled_while_it_goes_on_is_back_at_once(watched, simulator, fault):
    """Both pieces are entered, and the call is ended once."""

    def attempt():
        simulator.fault("unfinished", fault)
        client, noting = watched(AsyncClient)
        stream = client.stream(FIRST, RIVERS, on_interrupt="continue")
        return client, noting, asyncio.run(_cancelled(stream, client, simulator, content=True, requests=2))

    client, noting, seconds = _at_once(attempt)
    attempts, ends, outcomes = settled(client, noting)
    assert seconds < 0.1
    assert [("first", "interrupted"), ("retry", "cancelled")] == [row[1:3] for row in attempts]
    assert ([("cancelled", 2)], ["cancelled"]) == (ends, outcomes)


def test_who_leaves_while_it_goes_on_is_settled(ask, simulator):
    """What came of the second piece is paid for, too."""

    def attempt():
        simulator.fault("unfinished", "stall")
        return ask(FIRST, until=5, on_interrupt="continue")

    client, noting, seconds = _at_once(attempt)
    attempts, ends, outcomes = settled(client, noting)
    assert seconds < 0.1
    assert [("first", "interrupted"), ("retry", "cancelled")] == [row[1:3] for row in attempts]
    assert ([("cancelled", 2)], ["cancelled"]) == (ends, outcomes)


async def _cancelled(stream, client, simulator, content=False, requests=1):
    """Cancels a stream after so many requests, and after content if there is to be some; how long that took."""
    before = len(simulator.bill)
    task = asyncio.create_task(stream.completion())
    async with asyncio.timeout(60):
        while len(simulator.bill) < before + requests or (content and not stream.partial.text):  # noqa: ASYNC110
            await asyncio.sleep(0.005)  # the server is in another thread
    await asyncio.sleep(0.05)
    begun = time.monotonic()
    task.cancel()
    await asyncio.wait([task])
    seconds = time.monotonic() - begun
    await client.aclose()
    assert task.cancelled()
    return seconds


def test_a_stream_that_is_dropped_is_settled(watched, simulator):
    """By whoever collects it."""
    simulator.fault("stall")
    client, noting = watched(Client)
    stream = client.stream(FIRST, RIVERS)
    next(stream)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del stream
        gc.collect()
    client.close()

    assert [("cancelled", 1)] == settled(client, noting)[1]


def test_a_stream_that_nobody_reads_is_none(watched, simulator):
    """Nothing is sent, nothing is written down."""
    client, noting = watched(Client)
    client.stream(FIRST, RIVERS).close()
    client.close()

    assert (0, ([], [], [])) == (simulator.server.requests, settled(client, noting, calls=0))


# -- hedges ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["silent", "silent-body", "pings-only"])
def test_who_loses_a_race_is_closed_and_settled(ask, simulator, fault):
    """It is told apart in the ledger, and nothing of it stays."""
    simulator.fault(fault, match="mistral")
    client, noting, answer = ask("route:r", hedge=Hedge(after=0.1, budget=1.0))
    _settle(lambda: noting.count()["llm.attempt.finished"] == 2)

    attempts, ends, outcomes = settled(client, noting)
    assert (RIVERS, "groq") == (answer.text, answer.provider)
    assert [("mistral", "hedge_loser", "cancelled", "maybe"), ("groq", "hedge", "ok", "yes")] == attempts
    assert ([("ok", 2)], ["ok"]) == (ends, outcomes)


def _settle(reached):
    until = time.monotonic() + 60
    while not reached() and time.monotonic() < until:
        time.sleep(0.005)  # a thread that was abandoned is not waited for


@pytest.mark.parametrize("simulator_scenario", [{"latency": {"first_token": 1.5}}])
def test_a_hedge_that_comes_too_late_loses(ask, simulator):
    """The first one answers after all; the second is told apart."""
    simulator.fault("silent", match="groq")
    client, noting, answer = ask("route:r", hedge=Hedge(after=0.1, budget=1.0))
    _settle(lambda: noting.count()["llm.attempt.finished"] == 2)

    attempts, ends, outcomes = settled(client, noting)
    assert (RIVERS, "mistral") == (answer.text, answer.provider)
    assert [("mistral", "first", "ok", "yes"), ("groq", "hedge_loser", "cancelled", "maybe")] == attempts
    assert ([("ok", 2)], ["ok"]) == (ends, outcomes)


def test_a_winner_may_break_off(ask, simulator):
    """Both attempts are entered; the call is ended once."""
    simulator.fault("silent", match="mistral")
    simulator.fault("cut-after-content", match="groq")
    client, noting, error = ask("route:r", hedge=Hedge(after=0.1, budget=1.0))
    _settle(lambda: noting.count()["llm.attempt.finished"] == 2)

    _, ends, outcomes = settled(client, noting)
    assert isinstance(error, StreamInterrupted)
    assert ([("interrupted", 2)], ["failed"]) == (ends, outcomes)


@pytest.mark.parametrize("simulator_scenario", [{"latency": {"first_token": 0.01}}])
def test_many_races_leave_nothing_behind(watched, simulator):
    """No thread, no place, no open row; also where both answer in the same moment."""
    client, noting = watched(Client, limits={"all": {"concurrent": 50}})
    for turn in range(30):
        hedge = Hedge(after=0.001 + turn * 0.0005, budget=1.0)
        assert RIVERS == client.stream("route:r", RIVERS, hedge=hedge).completion().text
    _settle(lambda: noting.count()["llm.attempt.finished"] == noting.count()["llm.attempt.started"])
    client.close()

    attempts, ends, outcomes = settled(client, noting, calls=30)
    assert (["ok"] * 30, 30) == (outcomes, len(ends))
    assert {"ok"} == {end[0] for end in ends}
    assert 30 == len([row for row in attempts if row[2] == "ok" and row[1] != "hedge_loser"])


# -- what is kept ------------------------------------------------------------------------------------


def test_a_stream_that_is_kept_is_given_again(watched, simulator):
    """For nothing: no request, no row, no money; told as cached."""
    client, noting = watched(Client, cache={"ttl": "short", "streams": True})
    answers = [client.stream(FIRST, RIVERS).completion() for _ in range(2)]
    client.close()

    attempts, ends, outcomes = settled(client, noting, calls=2)
    assert ([False, True], 1) == ([answer.cached for answer in answers], simulator.server.requests)
    assert (1, 1, ["ok", "cached"]) == (len(attempts), len(ends), outcomes)


def test_a_stitched_answer_is_not_kept(watched, simulator):
    """It may be worse than one in one piece."""
    client, noting = watched(Client, cache={"ttl": "short", "streams": True})
    simulator.fault("unfinished", "ok")
    answers = [client.stream(FIRST, RIVERS, on_interrupt="continue").completion() for _ in range(2)]
    client.close()

    assert [(True, False), (False, False)] == [(answer.stitched, answer.cached) for answer in answers]
    assert ["ok", "ok"] == settled(client, noting, calls=2)[2]
