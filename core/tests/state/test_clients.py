"""What is promised of one client is true of the clients of two processes that share a Redis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal

import pytest

from jackfield import Client

pytest.importorskip("jackfield_simulator")

from jackfield_simulator import Simulator

MODEL, CALLS = "anthropic/claude-sonnet-4-6", 500
# Its calls are all decided before any is sent, so that nothing comes back that would let in one more.
PROCESS = """
import asyncio, json, sys
from attrs import evolve
from jackfield import AsyncClient, BudgetExceeded, LimitReached
from jackfield.client import services
from jackfield.state import open_state
from jackfield.transport import default_async_transport

settings, model, calls = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
services._state = lambda client: open_state(evolve(client.settings.state, timeout=60.0))  # of a busy machine

class Held:
    def __init__(self):
        self.inner, self.gate, self.count = default_async_transport(), asyncio.Event(), 0

    async def send(self, call, timeouts, deadline):
        self.count += 1
        await self.gate.wait()
        return await self.inner.send(call, timeouts, deadline)

    async def close(self):
        await self.inner.close()

async def main():
    held, charges, refused = Held(), [], []
    client = AsyncClient(settings, transport=held)

    async def call():
        try:
            answer = await client.complete(model, "hi", max_tokens=100)
        except (BudgetExceeded, LimitReached) as exc:
            refused.append(exc)
        else:
            charges.append(str(answer.charge))

    tasks = [asyncio.create_task(call()) for _ in range(calls)]
    while len(refused) + held.count < calls:
        await asyncio.sleep(0.01)
    print("decided", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    held.gate.set()
    await asyncio.gather(*tasks)
    await client.aclose()
    print(json.dumps(charges))

asyncio.run(main())
"""


@pytest.fixture
def simulator():
    """A provider for all processes."""
    with Simulator() as simulator:
        yield simulator


def called(simulator, table):
    """The charges of the calls that two processes were let in with."""
    command = [sys.executable, "-c", PROCESS, json.dumps(table), MODEL, str(CALLS)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    env = {**os.environ, **simulator.environment()}
    running = [subprocess.Popen(command, env=env, **pipes) for _ in range(2)]
    assert ["decided\n"] * 2 == [process.stdout.readline() for process in running]
    return [
        Decimal(charge) for process in running for charge in json.loads(process.communicate("\n", 120)[0])
    ]


def test_two_clients_have_one_budget(server, settings, simulator):
    """Of a thousand calls, five hundred in each, exactly the ten that there is money for are sent; all is settled."""
    most = Client().quote(MODEL, "hi", max_tokens=100).high
    table = {
        "state": {"url": server.url, "prefix": settings.prefix},
        "budgets": {"all": {"limit": f"{most * 10 + most / 2:.9f} USD"}},
    }

    charges = called(simulator, table)

    assert 10 == len(charges)
    simulator.assert_requests(10)
    assert (int(sum(charges) * 10**9), 0) == booked(server, settings)


def test_two_clients_have_one_limit(server, settings, simulator):
    """Of a thousand calls exactly as many are sent as are allowed in an hour."""
    rule = {"requests": "30 / hour", "on_limit": "refuse"}
    table = {"state": {"url": server.url, "prefix": settings.prefix}, "limits": {"all": rule}}

    charges = called(simulator, table)

    assert 30 == len(charges)
    simulator.assert_requests(30)


def booked(server, settings):
    """What the budget has spent, and what it holds, in nano-dollars."""
    from redis import Redis

    with Redis.from_url(server.url) as client:
        keys = client.keys(f"{settings.prefix}:budget:all:*")
        tables = [client.hgetall(key) for key in keys if client.type(key) == b"hash"]
    return tuple(sum(int(table.get(name, 0)) for table in tables) for name in (b"settled", b"held"))
