"""What the ledger adds to a call: 64 tasks at a time on a transport that has the answers, with it and without.

Every call has its start on the disk before it goes on. The budget is 150 µs on the machine where decoding the
reference answer took 5.4, so the figure is a multiple of that, measured in turns.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import samples
import wires

TASKS = 64
CALL = 150.0  # µs on the machine of ``wires.UNIT``
PROMPT = "Name three rivers."


class AsyncNull:
    """A transport that has the answers already."""

    def __init__(self, sample: samples.Sample) -> None:
        self._null = wires.Null(sample)

    async def send(self, call: object, timeouts: object, deadline: float) -> object:
        """The whole answer."""
        await asyncio.sleep(0)  # as every answer of a network, it comes later
        return self._null.send(call, timeouts, deadline)

    async def close(self) -> None:
        """Nothing is open."""


def added(rounds: int, calls: int = 20) -> tuple[float, float, float]:
    """By the reference, in microseconds, and in microseconds for a caller who calls alone, in a thread."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_added(str(Path(folder) / "ledger.sqlite"), rounds, calls))


async def _added(target: str, rounds: int, calls: int) -> tuple[float, float, float]:
    from jackfield import AsyncClient, Client

    sample = samples.sample("chat_completions")
    plain = sample.configured("http://null.example")
    kept = {**plain, "ledger": target}
    off, on = (AsyncClient(given, transport=AsyncNull(sample)) for given in (plain, kept))  # type: ignore[arg-type]
    await _together(off, sample.model, 2)
    await _together(on, sample.model, 2)
    found = []
    for _ in range(rounds):
        spent = await _together(on, sample.model, calls) - await _together(off, sample.model, calls)
        found.append((spent / _clocked(wires.reference, 2000), spent))
    sync_off, sync_on = (Client(given, transport=wires.Null(sample)) for given in (plain, kept))  # type: ignore[arg-type]
    alone = await asyncio.to_thread(_alone, sync_on, sync_off, sample.model, rounds)
    await on.aclose()
    assert on.ledger is not None
    on.ledger.close()
    return median(ratio for ratio, _ in found), median(spent for _, spent in found), alone


async def _together(client: object, model: str, calls: int) -> float:
    """Microseconds a call."""

    async def loop() -> None:
        for _ in range(calls):
            await client.complete(model, PROMPT)  # type: ignore[attr-defined]

    begun = time.perf_counter()
    await asyncio.gather(*(loop() for _ in range(TASKS)))
    return (time.perf_counter() - begun) / TASKS / calls * 1e6


def _alone(on: object, off: object, model: str, rounds: int) -> float:
    def once(client: object) -> float:
        return _clocked(lambda: client.complete(model, PROMPT), 50)  # type: ignore[attr-defined]

    once(on)
    return median(once(on) - once(off) for _ in range(rounds))


def _clocked(work: Callable[[], object], calls: int) -> float:
    begun = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - begun) / calls * 1e6
