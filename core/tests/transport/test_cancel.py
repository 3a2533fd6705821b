"""Cancelling at every stage leaks nothing: no connection, no file descriptor, no task, no permit.

``JACKFIELD_STORM`` says how many calls are cancelled per library, spread evenly over the stages; 10,000 is what
a release asks for.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jackfield.transport import default_async_transport
from jackfield.transport.pool import Limits
from jackfield.types import Timeouts

STORM = int(os.environ.get("JACKFIELD_STORM", "2000"))
AT_ONCE = 50
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
counts_descriptors = pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="counts descriptors in /proc"
)


def silent(talk):
    talk.request()
    talk.sock.recv(1)


def deaf(talk):
    talk.hold()


def half_a_head(talk):
    talk.request()
    talk.send(b"HTTP/1.1 200 OK\r\nx-half: ")
    talk.sock.recv(1)


def endless(talk):
    talk.request()
    talk.send(CHUNKED)
    while not talk.server.closing.wait(0.001):
        talk.send(b"5\r\nhello\r\n")


def quick(talk):
    while talk.request():
        talk.send(OK)


# stage: what the server does, size of the body, cancellations, connections allowed
STAGES = {
    "anywhere": ("quick", 2, 1, 1000),
    "queue": ("quick", 2, 1, 4),
    "upload": ("deaf", 8_000_000, 1, 1000),
    "upload while answered": ("rash", 8_000_000, 1, 1000),
    "headers": ("silent", 2, 1, 1000),
    "half a head": ("half a head", 2, 1, 1000),
    "stream": ("endless", 2, 1, 1000),
    "twice": ("silent", 2, 2, 1000),
    "twice while streaming": ("endless", 2, 2, 1000),
}
# Seconds. Fifty that are cancelled together wait for their turns on a busy machine, but not for a server; that one alone
# is over after a few turns of the loop is tested below.
TURNS = 5
CALLS = -(-STORM // (len(STAGES) * AT_ONCE)) * AT_ONCE
SHAPES = {
    "headers": (silent, 2),
    "half a head": (half_a_head, 2),
    "stream": (endless, 2),
    "upload": (deaf, 8_000_000),
}


@pytest.fixture(params=["httpx", "httpx2", "aiohttp"])
def library(request):
    """Each library with an asynchronous transport."""
    return pytest.importorskip(request.param).__name__


@pytest.fixture(scope="module")
def bases():
    """The addresses of a server in another process, by what it does."""
    command = [sys.executable, str(Path(__file__).with_name("storm_server.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        try:
            yield json.loads(running.stdout.readline())
        finally:
            running.kill()


def transport_of(library, connections=1000):
    transport = default_async_transport(library)
    transport._limits = Limits(connections=connections)
    return transport


async def read_for_ever(transport, call):
    until = time.monotonic() + 30
    opened = await transport.open(call, Timeouts(), until)
    try:
        while await transport.read(opened, until):
            pass
    finally:
        await transport.close_stream(opened)


async def cancelled(transport, call, times, chance):
    """Start a call, cancel it some moment later; how long it took to return, and what it failed with instead."""
    task = asyncio.create_task(read_for_ever(transport, call))
    await asyncio.sleep(chance.random() * 0.02)
    start = time.monotonic()
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    await asyncio.wait([task], timeout=30)
    return time.monotonic() - start, None if task.cancelled() else task.exception()


def descriptors():
    return len(os.listdir("/proc/self/fd"))


async def storm(transport, call, times, calls=CALLS):
    """Cancel many calls; the times they took to return, sorted, and what failed."""
    chance = random.Random(7)
    ends = []
    for _ in range(0, calls, AT_ONCE):
        ends += await asyncio.gather(*(cancelled(transport, call, times, chance) for _ in range(AT_ONCE)))
    return sorted(took for took, _ in ends), [failure for _, failure in ends if failure is not None]


async def settled(transport, before):
    """Close what is idle and let the dust settle: permits that are free, tasks and descriptors that are left over."""
    free = next(iter(transport._homes.values())).gate._free
    await transport.close()
    until = time.monotonic() + 30
    while (left := (len(asyncio.all_tasks()) - 1, descriptors() - before)) != (0, 0):
        if time.monotonic() > until:
            break
        await asyncio.sleep(0.005)
    return free, *left


@counts_descriptors
@pytest.mark.storm
@pytest.mark.parametrize("stage", STAGES)
def test_a_storm_of_cancellations_leaks_nothing(library, stage, bases, ask):
    """Permits, tasks and descriptors are what they were, nothing but the cancellations failed, the next call works."""
    does, size, times, connections = STAGES[stage]
    transport = transport_of(library, connections)

    async def run():
        before = descriptors()
        await transport.send(ask(bases["quick"], b"xx"), Timeouts(), time.monotonic() + 60)
        took, failed = await storm(transport, ask(bases[does], b"x" * size), times)
        start = time.monotonic()
        await transport.send(ask(bases["quick"], b"xx"), Timeouts(), time.monotonic() + 60)
        return took, failed, time.monotonic() - start, await settled(transport, before)

    took, failed, after, left = asyncio.run(run())

    assert (connections, 0, 0) == left
    assert [] == failed
    assert took[len(took) // 2] < TURNS
    assert after < 10


@counts_descriptors
def test_a_cancelled_connect_leaks_nothing(library, ask, black_hole):
    """Nobody answers the knock, and nobody waits for it any more."""
    transport = transport_of(library)

    async def run():
        before = descriptors()
        took, failed = await storm(transport, ask(black_hole), 1, calls=200)
        return took, failed, await settled(transport, before)

    took, failed, left = asyncio.run(run())

    assert ((1000, 0, 0), []) == (left, failed)
    assert took[len(took) // 2] < TURNS


@counts_descriptors
@pytest.mark.parametrize("end", [b"", b"0\r\n\r\n"], ids=["closed midway", "read to its end"])
def test_an_answer_that_overtakes_its_upload_leaves_no_connection(library, serve, ask, end):
    """The server answers and never reads the rest of the request; the socket is gone though it holds on to its own."""
    server = serve(lambda talk: (talk.send(CHUNKED + b"5\r\nhello\r\n" + end), talk.hold()))
    transport = transport_of(library)

    async def main():
        before = descriptors()
        soon = time.monotonic() + 60
        opened = await transport.open(ask(server, b"x" * 8_000_000), Timeouts(), soon)
        data = await transport.read(opened, soon)
        rest = await transport.read(opened, soon) if end else b""
        await transport.close_stream(opened)
        return data, rest, await settled(transport, before + 1)  # the server's

    assert (b"hello", b"", (1000, 0, 0)) == asyncio.run(main())


@pytest.mark.parametrize("shape", SHAPES)
def test_a_cancelled_call_returns_within_a_few_turns_of_the_loop(library, shape, serve, ask):
    """Nothing is waited for: not the server, not a clock, not a task that cleans up."""
    script, size = SHAPES[shape]
    server = serve(script)
    transport = transport_of(library)

    async def main():
        task = asyncio.create_task(read_for_ever(transport, ask(server, b"x" * size)))
        await asyncio.sleep(0.05)
        task.cancel()
        turns = 0
        while not task.done():
            await asyncio.sleep(0)
            turns += 1
        return turns

    assert asyncio.run(main()) <= 10


@counts_descriptors
def test_a_cancelled_upload_does_not_wait_for_a_deaf_server(library, serve, ask):
    """The socket is gone at once, and what was still to be written with it."""
    server = serve(deaf)
    transport = transport_of(library)

    async def main():
        before = descriptors()
        task = asyncio.create_task(read_for_ever(transport, ask(server, b"x" * 8_000_000)))
        async with asyncio.timeout(60):
            while not server.connections:  # noqa: ASYNC110  # it is in another thread
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task])
        return await settled(transport, before + 1)  # the server's

    assert (1000, 0, 0) == asyncio.run(main())


def test_connections_close_with_their_loop(library, serve, ask):
    """Somebody who never closes a transport has no idle connection left when the loop is over."""
    closed = []

    def script(talk):
        talk.request()
        talk.send(OK)
        closed.append(talk.sock.recv(1))
        talk.server.closing.set()

    server = serve(script)
    transport = transport_of(library)

    asyncio.run(transport.send(ask(server), Timeouts(), time.monotonic() + 60))

    assert server.closing.wait(30)
    assert closed == [b""]


def test_one_transport_serves_one_loop_after_another(library, serve, ask):
    """Connections of a loop that is over are not used again."""
    server = serve(quick)
    transport = transport_of(library)

    replies = [asyncio.run(transport.send(ask(server), Timeouts(), time.monotonic() + 60)) for _ in range(2)]

    assert [b"ok", b"ok"] == [reply.body for reply in replies]
    assert server.connections == 2
