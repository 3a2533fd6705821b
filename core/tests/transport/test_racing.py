"""Two flows side by side: one wins, the other ends at once and leaves nothing behind."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from concurrent.futures import Future

import pytest

from jackfield.errors import ErrorInfo, Unavailable
from jackfield.flow import Abandoned, Await, Race, Send, Sleep
from jackfield.transport import AsyncDriver, SyncDriver, default_async_transport, default_transport
from jackfield.types import Timeouts
from jackfield.wire.call import Call


class Sync:
    """Runs a flow in this thread."""

    transport = staticmethod(default_transport)

    def run(self, flow):
        return SyncDriver(default_transport()).run(flow)


class Async:
    """Runs a flow in an event loop."""

    def run(self, flow):
        async def main():
            result = await AsyncDriver(default_async_transport()).run(flow)
            for _ in range(20):  # the loser cleans up
                await asyncio.sleep(0)
            return result

        return asyncio.run(main())


@pytest.fixture(params=[Sync, Async])
def driver(request):
    """Each driver in turn."""
    return request.param()


def sleeper(seconds, result, notes):
    """Returns after a while, and notes if it may not."""
    try:
        yield Sleep(seconds)
    except (Abandoned, asyncio.CancelledError):
        notes.append(f"{result} abandoned")
        raise
    return result


def failing(seconds):
    """Fails after a while."""
    yield Sleep(seconds)
    raise Unavailable(ErrorInfo("server", f"after {seconds}"))


def nothing(result):
    """A result nobody takes needs no closing here."""
    return
    yield


def racing(first, second, after=0.01):
    """A flow that is one race."""
    return (yield Race(first, second, after, nothing))


def until(condition):
    """Wait for what another thread does."""
    end = time.monotonic() + 30
    while not condition() and time.monotonic() < end:
        threading.Event().wait(0.002)
    return condition()


def test_a_first_that_is_quick_enough_runs_alone(driver):
    """The second is not even begun."""
    begun = []

    result = driver.run(racing(lambda: sleeper(0, "first", []), lambda: begun.append(1), after=5))

    assert ("first", []) == (result, begun)


def test_the_second_wins_where_the_first_is_slow(driver):
    """The first is told, and does not run on."""
    notes = []

    began = time.monotonic()
    result = driver.run(racing(lambda: sleeper(30, "first", notes), lambda: sleeper(0, "second", notes)))

    assert "second" == result
    assert until(lambda: notes == ["first abandoned"])
    assert time.monotonic() - began < 15


def test_a_second_that_fails_leaves_the_first_running(driver):
    """It was there to help, not to harm."""
    result = driver.run(racing(lambda: sleeper(0.1, "first", []), lambda: failing(0)))

    assert "first" == result


def test_where_both_fail_the_first_is_told(driver):
    """The second was never asked for by the caller."""
    with pytest.raises(Unavailable, match=r"after 0\.05"):
        driver.run(racing(lambda: failing(0.05), lambda: failing(0)))


def test_a_first_that_fails_in_time_is_no_race(driver):
    """Its failure is the caller's to see, or the policy's."""
    with pytest.raises(Unavailable, match="after 0"):
        driver.run(racing(lambda: failing(0), lambda: sleeper(0, "second", []), after=5))


def test_a_thread_that_waits_for_a_socket_is_let_go():
    """The connection is shut under it; its flow hears that it was abandoned."""
    notes = []
    with socket.create_server(("127.0.0.1", 0)) as mute:
        call = Call("GET", ("x",), base=f"http://127.0.0.1:{mute.getsockname()[1]}")

        def waiting():
            try:
                yield Send(call, Timeouts(), time.monotonic() + 30)
            except Abandoned:
                notes.append("abandoned")
                raise

        result = Sync().run(racing(waiting, lambda: sleeper(0, "second", notes), after=0.1))

        assert "second" == result
        assert until(lambda: notes == ["abandoned"])


def test_a_cancelled_race_ends_both():
    """Nobody is left to want either."""
    notes, begun = [], asyncio.Event()

    def second():
        begun.set()
        return (yield from sleeper(60, "second", notes))

    async def main():
        driver = AsyncDriver(default_async_transport())
        flow = racing(lambda: sleeper(60, "first", notes), second, after=0.001)
        task = asyncio.create_task(driver.run(flow))
        await begun.wait()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0)
        return len(asyncio.all_tasks())

    assert (1, ["first abandoned", "second abandoned"]) == (asyncio.run(main()), sorted(notes))


async def until_true(condition):
    """Wait for what nobody tells of."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def tied(begun, released, spared):
    """A race whose flows end in the same turn."""

    def gate(result):
        begun.append(result)
        yield Await(lambda: released)
        return result

    def spare(result):
        spared.append(result)
        return
        yield

    return (yield Race(lambda: gate("first"), lambda: gate("second"), 0.001, spare))


def test_a_result_that_comes_too_late_is_handed_on():
    """What both returned in the same turn is closed where nobody takes it."""
    begun, released, spared = [], Future(), []

    async def main():
        driver = AsyncDriver(default_async_transport())
        task = asyncio.create_task(driver.run(tied(begun, released, spared)))
        await until_true(lambda: len(begun) == 2)
        released.set_result(None)
        await until_true(lambda: spared)
        return await task

    assert ("first", ["second"]) == (asyncio.run(main()), spared)
