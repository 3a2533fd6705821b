"""The same work done by each library: one completion, one stream parsed to its text.

Every maker returns a ``Client`` of plain functions. Run as a program, it measures one library in the
interpreter it runs in, and prints JSON: that is how peers are measured in virtualenvs of their own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median

BODY = {"model": "bench-1", "messages": [{"role": "user", "content": "Name three rivers."}]}
WORDS = 64 * 5


@dataclass
class Client:
    """What is measured of one library; what it cannot do is ``None``."""

    complete: Callable[[], object] | None = None
    acomplete: Callable[[], Awaitable[object]] | None = None
    aclose: Callable[[], Awaitable[object]] | None = None
    stream: Callable[[], int] | None = None
    astream: Callable[[], Awaitable[int]] | None = None


def raw_httpx(url: str, module: str = "httpx") -> Client:
    """The HTTP library alone, with ``json``."""
    httpx = __import__(module)
    sync, asynchronous = httpx.Client(), httpx.AsyncClient(limits=httpx.Limits(max_connections=None))
    address = f"{url}/chat/completions"

    def complete() -> object:
        return sync.post(address, json=BODY).json()["choices"][0]["message"]["content"]

    async def acomplete() -> object:
        return (await asynchronous.post(address, json=BODY)).json()["choices"][0]["message"]["content"]

    def stream() -> int:
        size = 0
        with sync.stream("POST", address, json={**BODY, "stream": True}) as reply:
            for line in reply.iter_lines():
                size += _delta(line)
        return size

    async def astream() -> int:
        size = 0
        async with asynchronous.stream("POST", address, json={**BODY, "stream": True}) as reply:
            async for line in reply.aiter_lines():
                size += _delta(line)
        return size

    return Client(complete, acomplete, asynchronous.aclose, stream, astream)


def _delta(line: str) -> int:
    if not line.startswith("data: ") or line == "data: [DONE]":
        return 0
    return len(json.loads(line[6:])["choices"][0]["delta"].get("content") or "")


def bare_aiohttp(url: str) -> Client:
    """The fastest HTTP library in pure use, with ``json``."""
    import aiohttp

    address = f"{url}/chat/completions"
    sessions: list[aiohttp.ClientSession] = []

    def session() -> aiohttp.ClientSession:
        if not sessions:
            sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        return sessions[0]

    async def acomplete() -> object:
        async with session().post(address, json=BODY) as reply:
            return (await reply.json())["choices"][0]["message"]["content"]

    return Client(acomplete=acomplete, aclose=lambda: session().close())


def jackfield(url: str, transport: str = "auto") -> Client:
    """This library."""
    from jackfield import AsyncClient, TextDelta
    from jackfield import Client as Sync

    settings = {
        "transport": transport,
        "providers": {"openai-compatible": {"base_url": url, "api_key": "sk-bench-0123456789"}},
    }
    sync, asynchronous = Sync(settings), AsyncClient(settings)
    model, prompt = "openai-compatible/bench-1", "Name three rivers."

    def stream() -> int:
        return sum(len(event.text) for event in sync.stream(model, prompt) if type(event) is TextDelta)

    async def astream() -> int:
        return sum([len(e.text) async for e in asynchronous.stream(model, prompt) if type(e) is TextDelta])

    return Client(
        lambda: sync.complete(model, prompt).text,
        lambda: asynchronous.complete(model, prompt),
        asynchronous.aclose,
        stream,
        astream,
    )


def openai(url: str) -> Client:
    """The official SDK."""
    from openai import AsyncOpenAI, OpenAI

    sync, asynchronous = (
        kind(base_url=url, api_key="sk-bench", max_retries=0) for kind in (OpenAI, AsyncOpenAI)
    )

    def stream() -> int:
        chunks = sync.chat.completions.create(**BODY, stream=True)
        return sum(len(piece.choices[0].delta.content or "") for piece in chunks)

    return Client(
        lambda: sync.chat.completions.create(**BODY).choices[0].message.content,
        lambda: asynchronous.chat.completions.create(**BODY),
        asynchronous.close,
        stream,
    )


def any_llm(url: str) -> Client:
    """Mozilla's any-llm."""
    from any_llm import AnyLLM

    # its sync calls run a loop of their own, and a client stays with the loop it first met: hence two
    client, asynchronous = (AnyLLM.create("openai", api_key="sk-bench", api_base=url) for _ in range(2))

    def stream() -> int:
        chunks = client.completion(model="bench-1", messages=BODY["messages"], stream=True)
        return sum(len(piece.choices[0].delta.content or "") for piece in chunks)

    return Client(
        lambda: client.completion(model="bench-1", messages=BODY["messages"]),
        lambda: asynchronous.acompletion(model="bench-1", messages=BODY["messages"]),
        stream=stream,
    )


def litellm(url: str) -> Client:
    """LiteLLM."""
    import litellm as library

    facts = {"model": "openai/bench-1", "messages": BODY["messages"], "api_base": url, "api_key": "sk-bench"}

    def stream() -> int:
        return sum(
            len(piece.choices[0].delta.content or "") for piece in library.completion(**facts, stream=True)
        )

    return Client(lambda: library.completion(**facts), lambda: library.acompletion(**facts), stream=stream)


MAKERS: dict[str, Callable[[str], Client]] = {
    "httpx": raw_httpx,
    "httpx2": lambda url: raw_httpx(url, "httpx2"),
    "aiohttp": bare_aiohttp,
    "jackfield": jackfield,
    "openai": openai,
    "any-llm": any_llm,
    "litellm": litellm,
}


def timed(work: Callable[[], object], calls: int) -> float:
    """Microseconds a call."""
    begun = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - begun) / calls * 1e6


async def atimed(work: Callable[[], Awaitable[object]], calls: int) -> float:
    """Microseconds a call, one after the other."""
    begun = time.perf_counter()
    for _ in range(calls):
        await work()
    return (time.perf_counter() - begun) / calls * 1e6


async def at_once(work: Callable[[], Awaitable[object]], tasks: int, calls: int) -> float:
    """Calls a second with so many tasks calling in a loop."""

    async def loop() -> None:
        for _ in range(calls):
            await work()

    begun = time.perf_counter()
    await asyncio.gather(*(loop() for _ in range(tasks)))
    return tasks * calls / (time.perf_counter() - begun)


def measure(client: Client, rounds: int = 5) -> dict[str, float]:
    """Medians of everything the library can do, measured alone."""
    found: dict[str, float] = {}
    if client.complete:
        timed(client.complete, 20)
        found["warm call sync, µs"] = median(timed(client.complete, 100) for _ in range(rounds))
    if client.stream:
        client.stream()
        found["stream, µs a chunk"] = median(timed(client.stream, 1) for _ in range(rounds)) / 2000
    if client.acomplete:
        found.update(asyncio.run(_measure_async(client.acomplete, rounds)))
    return found


async def _measure_async(work: Callable[[], Awaitable[object]], rounds: int) -> dict[str, float]:
    await atimed(work, 20)
    alone = [await atimed(work, 100) for _ in range(rounds)]
    await at_once(work, 64, 2)
    together = [await at_once(work, 64, 10) for _ in range(rounds)]
    return {"warm call async, µs": median(alone), "64 at once, calls/s": median(together)}


if __name__ == "__main__":
    print(json.dumps(measure(MAKERS[sys.argv[1]](sys.argv[2]))))
