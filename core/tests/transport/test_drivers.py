"""The two drivers do what flows ask for, and nothing else."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from jackfield.errors import ErrorInfo, Unavailable
from jackfield.flow import Await, Close, LocalStream, Now, Once, Open, Read, Send, Sleep
from jackfield.transport import AsyncDriver, SyncDriver
from jackfield.types import Timeouts
from jackfield.wire.call import Call, Headers, Reply

CALL = Call("GET", ("x",), base="http://x")


class FakeTransport:
    """Answers from memory, and keeps what it was asked for."""

    def __init__(self):
        self.asked = []

    def send(self, call, timeouts, deadline):
        self.asked.append(("send", deadline))
        return Reply(200, body=b"whole")

    def open(self, call, timeouts, deadline):
        self.asked.append(("open", deadline))
        return self

    def read(self, opened, deadline):
        self.asked.append(("read", deadline))
        return b"bytes"

    def close_stream(self, opened):
        self.asked.append(("close",))


class AsyncFakeTransport(FakeTransport):
    """The same, awaited."""

    async def send(self, *arguments):
        return FakeTransport.send(self, *arguments)

    async def open(self, *arguments):
        return FakeTransport.open(self, *arguments)

    async def read(self, *arguments):
        return FakeTransport.read(self, *arguments)

    async def close_stream(self, *arguments):
        FakeTransport.close_stream(self, *arguments)


class Sync:
    """A driver behind the blocking face of these tests."""

    def __init__(self):
        self.slept = []
        self.driver = SyncDriver(FakeTransport(), clock=lambda: 42.0, sleep=self.slept.append)

    def run(self, flow):
        return self.driver.run(flow)


class Async:
    """The same for the other driver."""

    def __init__(self):
        self.slept = []

        async def sleep(seconds):
            self.slept.append(seconds)

        self.driver = AsyncDriver(AsyncFakeTransport(), clock=lambda: 42.0, sleep=sleep)

    def run(self, flow):
        return asyncio.run(self.driver.run(flow))


@pytest.fixture(params=[Sync, Async])
def either(request):
    """Each driver in turn."""
    return request.param()


def test_a_flow_without_effects_returns_its_value(either):
    """Nothing is asked of the world."""

    def flow():
        return 7
        yield

    assert either.run(flow()) == 7


def test_every_effect_is_done(either):
    """Each resumes the flow with what its docstring promises."""

    def flow():
        reply = yield Send(CALL, Timeouts(), 1.0)
        opened = yield Open(CALL, Timeouts(), 2.0)
        data = yield Read(opened, 3.0)
        yield Close(opened)
        yield Sleep(0.5)
        return reply.body, data, (yield Now())

    assert either.run(flow()) == (b"whole", b"bytes", 42.0)
    assert either.driver.transport.asked == [("send", 1.0), ("open", 2.0), ("read", 3.0), ("close",)]
    assert either.slept == [0.5]


def test_a_failure_comes_back_at_the_yield(either):
    """``try`` works in a flow as in plain code, and a second effect may follow."""

    def fail(*_):
        raise Unavailable(ErrorInfo("transport.reset", "gone"))

    either.driver.transport.asked = type("Broken", (), {"append": fail})()

    def flow():
        try:
            yield Send(CALL, Timeouts(), 1.0)
        except Unavailable as failure:
            return failure.info.message, (yield Now())

    assert either.run(flow()) == ("gone", 42.0)


def test_a_failure_nobody_catches_is_raised_as_it_is(either):
    """It has neither cause nor context."""

    def fail(*_):
        raise Unavailable(ErrorInfo("transport.reset", "gone"))

    either.driver.transport.asked = type("Broken", (), {"append": fail})()

    def flow():
        yield Send(CALL, Timeouts(), 1.0)

    with pytest.raises(Unavailable) as caught:
        either.run(flow())

    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_local_streams_are_read_without_a_transport(either):
    """Calls answered inside the process go through the same loop."""
    stream = LocalStream(200, Headers(), [b"a", b"b"])

    def flow():
        first = yield Read(stream, 1.0)
        rest = (yield Read(stream, 1.0)) + (yield Read(stream, 1.0))
        yield Close(stream)
        return first, rest

    assert either.run(flow()) == (b"a", b"b")
    assert either.driver.transport.asked == []


def test_once_returns_the_result_of_its_flow(either):
    """And the flow runs again when it is asked for again later."""
    runs = []

    def token():
        runs.append((yield Now()))
        return len(runs)

    def flow():
        return (yield Once("key", token)), (yield Once("key", token))

    assert either.run(flow()) == (1, 2)


# Single flight.


def together(count, token):
    """What came of ``count`` threads that ask once: the flow of the first sleeps until all others wait for it."""
    running, release = threading.Event(), threading.Event()
    driver = SyncDriver(FakeTransport(), sleep=lambda seconds: (running.set(), release.wait(30)))
    outcomes = []

    def attempt():
        try:
            outcomes.append(driver.run(asking(token)))
        except BaseException as failure:  # noqa: BLE001  # an interruption is an outcome too
            outcomes.append(failure)

    threads = [threading.Thread(target=attempt, daemon=True) for _ in range(count)]
    threads[0].start()
    assert running.wait(30)
    for thread in threads[1:]:
        thread.start()
    all_wait(driver, count - 1)
    release.set()
    for thread in threads:
        thread.join(60)
    return outcomes


def asking(token):
    return (yield Once("key", token))


def all_wait(driver, count):
    """Return when so many threads wait for the flow under way."""
    (flight,) = driver._flights.values()
    until = time.monotonic() + 30
    while len(flight.landed._cond._waiters) < count:
        assert time.monotonic() < until
        time.sleep(0.001)


def test_threads_wait_for_the_one_result():
    """Twenty threads, one run."""
    runs = []

    def token():
        runs.append(1)
        yield Sleep(1)
        return "token"

    assert ["token"] * 20 == together(20, token)
    assert [1] == runs


def test_threads_share_a_failure_too():
    """Each gets an exception of its own that says the same."""

    def token():
        yield Sleep(1)
        raise Unavailable(ErrorInfo("server", "down"))

    first, second = together(2, token)

    assert ["down", "down"] == [first.info.message, second.info.message]
    assert first is not second


def test_an_interruption_stays_with_its_thread():
    """The others do not get somebody else's KeyboardInterrupt: one of them runs the flow instead."""
    runs = []

    def token():
        runs.append(1)
        yield Sleep(1)
        if len(runs) == 1:
            raise KeyboardInterrupt
        return "token"

    first, second = together(2, token)

    assert {KeyboardInterrupt, str} == {type(first), type(second)}
    assert "token" in (first, second)


def gated():
    """A driver whose flows sleep until they are released, and a flow that asks once."""
    release, runs = asyncio.Event(), []

    async def sleep(seconds):
        await release.wait()

    def token():
        runs.append(1)
        yield Sleep(1)
        if len(runs) > 1:
            raise Unavailable(ErrorInfo("server", "twice"))
        return "token"

    def flow():
        return (yield Once("key", token))

    return AsyncDriver(AsyncFakeTransport(), sleep=sleep), flow, release, runs


def test_tasks_share_the_one_result():
    """Fifty tasks, one run."""

    async def main():
        driver, flow, release, runs = gated()
        tasks = [asyncio.create_task(driver.run(flow())) for _ in range(50)]
        await asyncio.sleep(0)
        release.set()
        return await asyncio.gather(*tasks), runs

    results, runs = asyncio.run(main())

    assert ["token"] * 50 == results
    assert len(runs) == 1


def test_a_cancelled_first_caller_does_not_fail_the_others():
    """The flow belongs to nobody in particular."""

    async def main():
        driver, flow, release, runs = gated()
        first, second = (asyncio.create_task(driver.run(flow())) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        release.set()
        return await second, first.cancelled(), len(runs)

    assert asyncio.run(main()) == ("token", True, 1)


def test_when_all_callers_are_cancelled_the_flow_stops():
    """No task is left behind, and the next caller starts anew."""

    async def main():
        driver, flow, _release, _runs = gated()
        task = asyncio.create_task(driver.run(flow()))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        for _ in range(3):
            await asyncio.sleep(0)
        return len(asyncio.all_tasks()), driver._flights

    assert asyncio.run(main()) == (1, {})


def test_what_another_thread_finishes_is_waited_for(either):
    """A flow resumes with the result of the future that was begun."""

    def flow(pool):
        return (yield Await(lambda: pool.submit(lambda: "kept")))

    with ThreadPoolExecutor(1) as pool:
        assert either.run(flow(pool)) == "kept"


def test_a_failed_future_fails_the_flow(either):
    """Its exception comes up where the flow waits."""

    def flow():
        future = Future()
        future.set_exception(ValueError("full"))
        return (yield Await(lambda: future))

    with pytest.raises(ValueError, match="full"):
        either.run(flow())


def test_cancelling_the_waiter_leaves_what_was_begun():
    """A row that is being written gets written, whoever walks away."""

    async def main():
        future = Future()

        def flow():
            return (yield Await(lambda: future))

        task = asyncio.create_task(AsyncDriver(AsyncFakeTransport()).run(flow()))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled(), future.cancelled()

    assert asyncio.run(main()) == (True, False)
