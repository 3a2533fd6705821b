"""Callers that change their mind: at once, wherever the call is, and nothing stays behind."""

from __future__ import annotations

import asyncio
import time

import pytest

from jackfield import AsyncClient
from jackfield.transport import default_async_transport
from jackfield.transport.pool import AsyncGate

TEXT = "Aare, Limmat, Reuss, Rhone, Ticino, Inn."
KEY = "sk-simulated-not-a-real-key"
MODEL = "openai-compatible/m"


@pytest.fixture(params=["aiohttp", "httpx2", "httpx"])
def library(request):
    """Each of the libraries with an asynchronous transport."""
    return pytest.importorskip(request.param).__name__


@pytest.fixture
def client(served, library):
    """A client of ours; ``base`` may lead elsewhere."""

    def make(base=""):
        facts = {"base_url": f"{base or served.server.url}/v1", "api_key": KEY}
        settings = {"max_retries": 0, "providers": {"openai-compatible": facts}}
        return AsyncClient(settings, transport=default_async_transport(library))

    return make


async def cancelled(coroutine, reached, times=1):
    """Cancel a call once ``reached`` is true; the seconds until it is over."""
    task = asyncio.ensure_future(coroutine)
    until = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < until, "the call does not come so far"
        await asyncio.sleep(0.005)
    begun = time.monotonic()
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    return time.monotonic() - begun


async def streamed(client):
    async with client.stream(MODEL, TEXT) as stream:
        async for _ in stream.text:
            pass


def at_once(attempt):
    """What an attempt came to whose first figure is below 100 ms; a busy machine has ten attempts."""
    for _ in range(9):
        found = asyncio.run(attempt())
        if found[0] < 0.1:
            return found
    return asyncio.run(attempt())


async def aftermath(client):
    """The tasks that are left, and the seconds that the next call takes."""
    begun = time.monotonic()
    answer = await client.complete(MODEL, TEXT)
    took = time.monotonic() - begun
    assert TEXT == answer.text
    await client.aclose()
    await asyncio.sleep(0.01)
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()], took


STAGES = {
    "headers": ("silent", "complete"),
    "body": ("silent-body", "complete"),
    "stream": ("stall", "stream"),
    "flood": ("flood", "stream"),
}


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_call_ends_when_it_is_cancelled(served, client, stage, times) -> None:
    """In less than 100 ms; the next call is served at once, and no task is left."""
    fault, verb = STAGES[stage]

    async def run():
        served.faults.script([fault])
        mine, before = client(), len(served.app.bill)
        call = mine.complete(MODEL, TEXT) if verb == "complete" else streamed(mine)
        seconds = await cancelled(call, lambda: len(served.app.bill) > before, times)
        return seconds, *(await aftermath(mine))

    seconds, tasks, took = at_once(run)

    assert seconds < 0.1
    assert ([], True) == (tasks, took < 10)


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_an_upload_ends_when_it_is_cancelled(served, client, times) -> None:
    """The server takes nothing in: the connection is dropped, not flushed."""

    async def run():
        served.faults.script(["deaf"])
        mine, before = client(), served.server.connections
        call = mine.complete(MODEL, TEXT, system="x" * 20_000_000)
        seconds = await cancelled(call, lambda: served.server.connections > before, times)
        return seconds, *(await aftermath(mine))

    seconds, tasks, took = at_once(run)

    assert seconds < 0.1
    assert ([], True) == (tasks, took < 10)


def test_a_connect_ends_when_it_is_cancelled(served, client) -> None:
    """Whatever knocks at a black hole."""
    base = served.run(served.server.door("black-hole"))

    async def run():
        mine = client(base)
        begun = time.monotonic()
        seconds = await cancelled(mine.complete(MODEL, TEXT), lambda: time.monotonic() > begun + 0.05)
        await mine.aclose()
        return (seconds,)

    assert at_once(run)[0] < 0.1


def test_who_waits_in_the_queue_leaves_it(monkeypatch) -> None:
    """The permit goes to the next, not to who has left."""

    async def run():
        from jackfield.transport.clocks import Moment

        gate = AsyncGate(1)
        assert gate.try_enter()
        moment = Moment(time.monotonic() + 60, "local.overload")
        first, second = (asyncio.ensure_future(gate.enter(moment)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        gate.leave()
        await second
        return first.cancelled(), gate.try_enter()

    assert (True, False) == asyncio.run(run())
