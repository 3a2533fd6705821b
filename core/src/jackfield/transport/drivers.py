"""The two drivers: they run flows, and do what the flows ask for. Nothing else in the library does I/O.

An effect's type is looked up in a table. What fails is thrown into the flow at its ``yield``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

from jackfield.errors import JackfieldError
from jackfield.flow import (
    Aside,
    Await,
    Close,
    Effect,
    Flow,
    LocalStream,
    Now,
    Once,
    Open,
    Opened,
    Race,
    Read,
    Send,
    Sleep,
)
from jackfield.wire.call import Reply

if TYPE_CHECKING:
    import asyncio

    from jackfield.transport.base import AsyncTransport, Transport
    from jackfield.transport.racing import Runner

Result = TypeVar("Result")


def _again(failure: BaseException) -> BaseException:
    """A failure to raise in one more place: exceptions of ours are cheap, and tracebacks do not mix then."""
    return type(failure)(failure.info) if isinstance(failure, JackfieldError) else failure


class _Flight:
    """A flow that others wait for."""

    __slots__ = ("failure", "landed", "result")

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.result: Any = None
        self.failure: BaseException | None = None


class SyncDriver:
    """Runs flows in the calling thread; shared by threads."""

    __slots__ = ("_acts", "_flights", "_lock", "clock", "sleep", "transport")

    def __init__(
        self,
        transport: Transport,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.transport = transport
        self.clock = clock
        self.sleep = sleep
        self._flights: dict[Hashable, _Flight] = {}
        self._lock = threading.Lock()
        self._acts: dict[type[Effect], Callable[[Any], Any]] = {
            Send: self._send,
            Open: self._open,
            Read: lambda effect: self.read(effect.opened, effect.deadline),
            Close: lambda effect: self.close(effect.opened),
            Sleep: lambda effect: self.sleep(effect.seconds),
            Once: self._once,
            Aside: lambda effect: effect.function(),
            Await: lambda effect: effect.begin().result(effect.within),
            Race: self._race,
        }

    def run(self, flow: Flow[Result]) -> Result:
        """What the flow returns."""
        acts = self._acts
        step: Callable[[Any], Effect] = flow.send
        value: Any = None
        try:
            while True:
                try:
                    effect = step(value)
                except StopIteration as stop:
                    return stop.value  # type: ignore[no-any-return]
                try:
                    kind = type(effect)
                    value = self.clock() if kind is Now else acts[kind](effect)
                    step = flow.send
                except BaseException as failure:  # noqa: BLE001  # it is raised again, inside the flow
                    value = failure
                    step = flow.throw
        finally:
            value = None  # an exception that is held by its own frame lives until the next collection

    def read(self, opened: Opened, deadline: float) -> bytes:
        """The next bytes of an opened answer; empty at the end."""
        if type(opened) is LocalStream:
            return opened.read()
        return self.transport.read(opened, deadline)

    def close(self, opened: Opened) -> None:
        """Drop an opened answer, whatever is still to come."""
        if type(opened) is not LocalStream:
            self.transport.close_stream(opened)

    def _send(self, effect: Send) -> Reply:
        return self.transport.send(effect.call, effect.timeouts, effect.deadline)

    def _open(self, effect: Open) -> Opened:
        return self.transport.open(effect.call, effect.timeouts, effect.deadline)

    def _now(self, effect: Now) -> float:
        return self.clock()

    def _race(self, effect: Race) -> Any:
        from jackfield.transport.racing import race

        return race(effect, self._run_watched, self.run)

    def _run_watched(self, flow: Flow[Any], runner: Runner) -> Any:
        """Run one of two flows: it may be abandoned, also while it sleeps."""
        from jackfield.transport.racing import checked

        acts: dict[type[Effect], Callable[[Any], Any]] = {**self._acts, Now: self._now}
        if self.sleep is time.sleep:
            acts[Sleep] = lambda effect: runner.abandoned.wait(effect.seconds) and None
        return checked(flow, runner, lambda effect: acts[type(effect)](effect))

    def _once(self, effect: Once) -> Any:
        while True:
            with self._lock:
                flight = self._flights.get(effect.key)
                first = flight is None
                if flight is None:
                    flight = self._flights[effect.key] = _Flight()
            if first:
                return self._fly(flight, effect)
            flight.landed.wait()
            if flight.failure is None:
                return flight.result
            if isinstance(flight.failure, Exception):
                raise _again(flight.failure)
            # the thread that ran it was interrupted, which is its own affair: ask again

    def _fly(self, flight: _Flight, effect: Once) -> Any:
        try:
            flight.result = self.run(effect.flow())
        except BaseException as failure:
            flight.failure = failure
            raise
        finally:
            with self._lock:
                del self._flights[effect.key]
            flight.landed.set()
        return flight.result


class _Shared:
    """A task that several callers wait for."""

    __slots__ = ("task", "waiting")

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = task
        self.waiting = 0


class AsyncDriver:
    """Runs flows in the calling task."""

    __slots__ = ("_acts", "_flights", "clock", "sleep", "transport")

    def __init__(
        self,
        transport: AsyncTransport,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] | None = None,
    ) -> None:
        self.transport = transport
        self.clock = clock
        self.sleep = sleep or _sleep
        self._flights: dict[Hashable, _Shared] = {}
        self._acts: dict[type[Effect], Callable[[Any], Awaitable[Any]]] = {
            Send: self._send,
            Open: self._open,
            Read: lambda effect: self.read(effect.opened, effect.deadline),
            Close: lambda effect: self.close(effect.opened),
            Sleep: lambda effect: self.sleep(effect.seconds),
            Once: self._once,
            Aside: _aside,
            Await: _await,
            Race: self._race,
        }

    async def run(self, flow: Flow[Result]) -> Result:
        """What the flow returns."""
        acts = self._acts
        step: Callable[[Any], Effect] = flow.send
        value: Any = None
        try:
            while True:
                try:
                    effect = step(value)
                except StopIteration as stop:
                    return stop.value  # type: ignore[no-any-return]
                try:
                    kind = type(effect)
                    value = self.clock() if kind is Now else await acts[kind](effect)
                    step = flow.send
                except BaseException as failure:  # noqa: BLE001  # it is raised again, inside the flow
                    value = failure
                    step = flow.throw
        finally:
            value = None  # an exception that is held by its own frame lives until the next collection

    async def read(self, opened: Opened, deadline: float) -> bytes:
        """The next bytes of an opened answer; empty at the end."""
        if type(opened) is LocalStream:
            return opened.read()
        return await self.transport.read(opened, deadline)

    async def close(self, opened: Opened) -> None:
        """Drop an opened answer, whatever is still to come."""
        if type(opened) is not LocalStream:
            await self.transport.close_stream(opened)

    async def _send(self, effect: Send) -> Reply:
        return await self.transport.send(effect.call, effect.timeouts, effect.deadline)

    async def _open(self, effect: Open) -> Opened:
        return await self.transport.open(effect.call, effect.timeouts, effect.deadline)

    async def _race(self, effect: Race) -> Any:
        from jackfield.transport.racing import async_race

        return await async_race(effect, self.run)

    async def _once(self, effect: Once) -> Any:
        shared = self._shared(effect)
        shared.waiting += 1
        try:
            await _settled(shared.task)
        finally:
            shared.waiting -= 1
            if not shared.waiting and not shared.task.done():
                shared.task.cancel()  # nobody is left to want the result
        failure = shared.task.exception()
        if failure is not None:
            raise _again(failure)
        return shared.task.result()

    def _shared(self, effect: Once) -> _Shared:
        """The task that runs the flow. It is nobody's own, so that no caller's cancellation fails the others."""
        import asyncio

        loop = asyncio.get_running_loop()
        key = (loop, effect.key)
        shared = self._flights.get(key)
        if shared is None or shared.task.cancelling():
            shared = self._flights[key] = _Shared(loop.create_task(self.run(effect.flow())))
            shared.task.add_done_callback(lambda task: self._land(key, task))
        return shared

    def _land(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            task.exception()  # asked for, or asyncio complains where all who waited have gone away
        if self._flights[key].task is task:
            del self._flights[key]


async def _aside(effect: Aside) -> Any:
    import asyncio

    return await asyncio.to_thread(effect.function)


async def _await(effect: Await) -> Any:
    import asyncio

    future = effect.begin()
    if future.done():
        return future.result()
    async with asyncio.timeout(effect.within):
        return await asyncio.shield(asyncio.wrap_future(future))


async def _settled(task: asyncio.Task[Any]) -> None:
    """Return when the task is done, whatever came of it, and leave it alone when cancelled."""
    import asyncio

    await asyncio.wait([task])


async def _sleep(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)
