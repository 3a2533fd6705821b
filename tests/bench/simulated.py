"""The simulator: how soon it is there, and what a thousand streams at once cost it. It has a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

CROWD = Path(__file__).parents[2] / "plugins" / "simulator" / "tests" / "crowd.py"
STREAMS, TOKENS = 1000, 200
START = 100.0  # ms
BUSY = (
    12.0  # seconds of CPU for all streams: two cores then keep up with models of 15 tokens a second and more
)

STARTED = """
import json, time
from jackfield_simulator import Simulator
began = time.perf_counter()
with Simulator():
    print(json.dumps((time.perf_counter() - began) * 1000))
"""
SERVED = """
import json, resource, sys
from jackfield_simulator import Simulator
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
pace = {"first_token": 0.2, "tokens_per_second": 100, "jitter": 0.2}
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
with Simulator({"answer": "prose", "latency": pace}) as simulator:
    print(simulator.url, flush=True)
    before = spent()
    sys.stdin.read()
    bill = simulator.bill.totals()
    print(json.dumps([spent() - before, bill.requests, bill.output]))
"""


def start(rounds: int) -> float:
    """Milliseconds until an embedded one listens, in a fresh process that has imported it."""
    command = [sys.executable, "-c", STARTED]
    found = (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(rounds)
    )
    return median(float(one) for one in found)


def crowd() -> tuple[float, float, int]:
    """Seconds of CPU for all streams, seconds that passed, and how many streams and tokens are missing."""
    command = [sys.executable, "-c", SERVED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        host, port = server.stdout.readline().strip().removeprefix("http://").split(":")
        asked = [sys.executable, str(CROWD), host, port, str(STREAMS), str(TOKENS)]
        told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        busy, requests, tokens = json.loads(server.communicate("")[0])
    whole, seconds = json.loads(told)
    missing = (STREAMS - whole) + (STREAMS - requests) + (STREAMS * TOKENS - tokens)
    return busy, seconds, missing
