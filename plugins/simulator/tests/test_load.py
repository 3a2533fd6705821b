"""A thousand streams at once, of two hundred tokens each, all of them whole."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

STREAMS, TOKENS = 1000, 200

# A client of its own process, that costs next to nothing: what is measured is the simulator.
CLIENT = """
import asyncio, json, resource, sys, time
host, port, streams, tokens = sys.argv[1], *map(int, sys.argv[2:])
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
messages = [{"role": "user", "content": "Tell me of the river."}]
body = json.dumps({"model": "gpt-x", "stream": True, "max_tokens": tokens, "messages": messages})
head = f"POST /v1/chat/completions HTTP/1.1\\r\\nhost: {host}\\r\\nauthorization: Bearer any-key-0000\\r\\n"
request = f"{head}content-length: {len(body)}\\r\\nconnection: close\\r\\n\\r\\n{body}".encode()

async def streamed():
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(request)
    answer = await reader.read(-1)
    writer.close()
    return b"data: [DONE]" in answer

async def all_streamed():
    return sum(await asyncio.gather(*(streamed() for _ in range(streams))))

started = time.perf_counter()
whole = asyncio.run(all_streamed())
print(json.dumps([whole, time.perf_counter() - started]))
"""


@pytest.fixture
def simulator_scenario():
    """Words, at the pace of a quick model."""
    return {"answer": "prose", "latency": {"first_token": 0.2, "tokens_per_second": 100, "jitter": 0.2}}


def test_a_thousand_streams(simulator):
    """Every one ends as it should, and every token is billed."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * STREAMS:
        pytest.skip(f"this machine allows {hard} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    place = simulator.url.removeprefix("http://").split(":")
    command = [sys.executable, "-c", CLIENT, *place, str(STREAMS), str(TOKENS)]

    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    whole, seconds = json.loads(told)
    print(
        f"{STREAMS} streams of {TOKENS} tokens: {seconds:.1f} s, {STREAMS * TOKENS / seconds:,.0f} tokens/s"
    )
    assert STREAMS == whole
    simulator.assert_requests(STREAMS, status=200)
    simulator.assert_billed(output=STREAMS * TOKENS)
