"""A thousand streams at once, of two hundred tokens each, all of them whole."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

STREAMS, TOKENS = 1000, 200
CROWD = Path(__file__).with_name("crowd.py")


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
    command = [sys.executable, str(CROWD), *place, str(STREAMS), str(TOKENS)]

    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    whole, seconds = json.loads(told)
    print(
        f"{STREAMS} streams of {TOKENS} tokens: {seconds:.1f} s, {STREAMS * TOKENS / seconds:,.0f} tokens/s"
    )
    assert STREAMS == whole
    simulator.assert_requests(STREAMS, status=200)
    simulator.assert_billed(output=STREAMS * TOKENS)
