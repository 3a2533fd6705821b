"""So many streams at once, from a process of its own that costs next to nothing: what is measured is the simulator.

    python crowd.py HOST PORT STREAMS TOKENS

prints how many were whole, and the seconds all of them took.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time

END = b"data: [DONE]"


def request_of(host: str, tokens: int) -> bytes:
    """What every one of them asks."""
    messages = [{"role": "user", "content": "Tell me of the river."}]
    body = json.dumps({"model": "gpt-x", "stream": True, "max_tokens": tokens, "messages": messages})
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer any-key-0000\r\n"
    return f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n{body}".encode()


async def streamed(host: str, port: int, request: bytes) -> bool:
    """Whether one stream came to its end."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(request)
    answer = await reader.read(-1)
    writer.close()
    return END in answer


async def all_of_them(host: str, port: int, streams: int, tokens: int) -> int:
    """How many of all were whole."""
    request = request_of(host, tokens)
    return sum(await asyncio.gather(*(streamed(host, port, request) for _ in range(streams))))


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    place, (door, count, length) = sys.argv[1], map(int, sys.argv[2:])
    began = time.perf_counter()
    whole = asyncio.run(all_of_them(place, door, count, length))
    print(json.dumps([whole, time.perf_counter() - began]))
