"""Processes that call a provider, many calls at a time, each killed at an instant of chance.

    python victims.py URL LEDGER KILLS SEED

They are forked from this one, which has everything imported and bound and nothing opened, so that a life is short.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time

from jackfield import AsyncClient

AT_ONCE = 4  # processes
TASKS = 8  # of each
LONGEST = 0.3  # seconds of a life


async def live(client: AsyncClient, name: str) -> None:
    """Call for ever: every other call is a stream."""

    async def call_on(task: int) -> None:
        for number in range(10_000):
            word = f"{name}-{task}-{number}"
            if number % 2:
                await client.stream(None, word, tags={"user": word}).completion()
            else:
                await client.complete(None, word, tags={"user": word})

    await asyncio.gather(*(call_on(task) for task in range(TASKS)))


async def warm(client: AsyncClient) -> None:
    """One call, so that everything is imported; afterwards nothing is open."""
    await client.complete(None, "warm", tags={"user": "warm"})
    await client.aclose()


def fork(client: AsyncClient, name: str) -> int:
    """A process that lives until it is killed."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(live(client, name))
        finally:
            os._exit(3)
    return child


def main(url: str, target: str, kills: int, seed: int) -> int:
    """Kill so many."""
    chance = random.Random(seed)
    provider = {"base_url": url, "api_key": "sk-0123456789"}
    settings = {"ledger": target, "default": "openai-compatible/m", "max_retries": 0}
    client = AsyncClient({**settings, "providers": {"openai-compatible": provider}})
    asyncio.run(warm(client))
    client.ledger.close()
    waiting: list[tuple[float, int]] = []
    killed = begun = 0
    while killed < kills:
        while begun < kills and len(waiting) < AT_ONCE:
            waiting.append((time.monotonic() + chance.uniform(0, LONGEST), fork(client, f"p{begun}")))
            begun += 1
        waiting.sort()
        until, child = waiting.pop(0)
        time.sleep(max(0.0, until - time.monotonic()))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return 1  # it failed by itself
        killed += 1
    print(killed)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
