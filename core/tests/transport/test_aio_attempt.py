"""The one timer for the clocks of all exchanges of a loop."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest

from jackfield.transport.aio_attempt import Attempt, Watch
from jackfield.transport.clocks import Clocks
from jackfield.types import Timeouts
from jackfield.wire import Call


class CountingLoop(asyncio.SelectorEventLoop):
    """A loop that counts the timers set."""

    timers = 0

    def call_at(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        """Count, and set."""
        self.timers += 1
        return super().call_at(*args, **kwargs)


def attempt(seconds: float) -> Attempt:
    """An exchange that may take so long."""
    return Attempt(Call("POST", ()), Clocks(Timeouts(), monotonic() + seconds, whole=True))


async def watched(watch: Watch, seconds: float) -> str:
    """Wait for ever under a clock: who ended it."""
    task = asyncio.current_task()
    assert task is not None
    one = attempt(seconds)
    one.begin(watch, task)
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        return "clock" if one.over() else "caller"
    return "nobody"


def run(work) -> int:  # type: ignore[no-untyped-def]
    """Run ``work`` with a watch; the timers it took."""
    loop = CountingLoop()
    try:
        loop.run_until_complete(asyncio.wait_for(work(Watch(loop)), 30))
        return loop.timers
    finally:
        loop.close()


def test_each_exchange_ends_at_its_own_moment() -> None:
    """The sooner ones go first, whatever the order in which they began."""
    ended: list[float] = []

    async def one(watch: Watch, seconds: float) -> None:
        assert await watched(watch, seconds) == "clock"
        ended.append(seconds)

    async def work(watch: Watch) -> None:
        await asyncio.gather(*(one(watch, seconds) for seconds in (0.03, 0.01, 0.05, 0.02)))

    run(work)

    assert [0.01, 0.02, 0.03, 0.05] == ended


def test_exchanges_that_end_in_time_share_one_timer() -> None:
    """A timer is set only for a moment that comes before all others."""

    async def work(watch: Watch) -> None:
        task = asyncio.current_task()
        assert task is not None
        for _ in range(50):
            one = attempt(60)
            one.begin(watch, task)
            assert not one.over()
        watch.stop()

    assert 2 >= run(work)  # one of them is for the test itself


def test_the_callers_cancellation_stays_his() -> None:
    """What the clock did not do is not taken for its work."""

    async def work(watch: Watch) -> None:
        task = asyncio.create_task(watched(watch, 60))
        await asyncio.sleep(0)
        task.cancel()
        assert await task == "caller"
        watch.stop()

    run(work)


def test_an_exchange_that_is_too_late_is_not_begun() -> None:
    """No byte goes out after the deadline."""

    async def work(watch: Watch) -> None:
        with pytest.raises(Exception, match="deadline"):
            await watched(watch, -1)

    run(work)
