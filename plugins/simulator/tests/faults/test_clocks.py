"""Servers that are slow, silent or deaf: one of our clocks ends every wait, whatever drips in meanwhile."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from jackfield_simulator.faults import FAULTS
from jackfield_simulator.records import FRAMES, NDJSON, SSE, WHOLE

from jackfield import StreamInterrupted, TimedOut, Timeouts

WIRES = (
    "chat_completions",
    "responses",
    "messages",
    "generate_content",
    "converse",
    "invoke",
    "cohere",
    "ollama",
)
FORMS = {"converse": FRAMES, "invoke": FRAMES, "ollama": NDJSON}
TEXT = "Aare, Limmat, Reuss, Rhone, Ticino, Inn."
HALF = "Aare, Limmat, Reuss, Rhone, "

LATE = Timeouts(total=1.6, headers=5.0, first_token=5.0, idle=5.0)
BEGIN = Timeouts(total=60.0, headers=0.9, first_token=0.9, idle=5.0)
IDLE = Timeouts(total=60.0, idle=0.9)

# fault -> the clocks, and the kind of failure; whole, then streamed
TABLE = {
    "silent": ((LATE, "deadline"), (BEGIN, "timeout.headers")),
    "drip-head": ((LATE, "deadline"), (BEGIN, "timeout.headers")),
    "silent-body": ((IDLE, "timeout.idle"), (BEGIN, "timeout.first_token")),
    "pings-only": ((LATE, "deadline"), (BEGIN, "timeout.first_token")),
    "deaf": ((LATE, "deadline"), (BEGIN, "timeout.headers")),
    "stall": (None, (IDLE, "interrupted: timeout.idle")),
    "flood": (None, (LATE, "interrupted: deadline")),
    "slow-half": (None, (LATE, "interrupted: deadline")),
}
CELLS = [(name, stream) for name, cells in TABLE.items() for stream in (False, True) if cells[stream]]


def befallen(name, stream):
    """The wires on which a fault can befall such a call."""
    fault = FAULTS[name]
    return [
        wire
        for wire in WIRES
        if fault.moment == "accept" or (FORMS.get(wire, SSE) if stream else WHOLE) in fault.forms
    ]


def kind_of(error):
    return ("interrupted: " if isinstance(error, StreamInterrupted) else "") + error.kind


@pytest.fixture
def at_once_sync(asking):
    """One call over each wire, at the same time, in threads; the kinds of failure."""

    def ask(wires, stream, timeouts):
        def one(wire):
            client = asking(wire)
            client.anew()
            try:
                client._sync(stream, {"timeout": timeouts, "max_retries": 0})
            except (TimedOut, StreamInterrupted) as exc:
                return kind_of(exc)

        for wire in wires:
            asking(wire)
        with ThreadPoolExecutor(len(wires)) as pool:
            return dict(zip(wires, pool.map(one, wires), strict=True))

    return ask


@pytest.fixture
def at_once_async(asking):
    """The same in tasks."""

    def ask(wires, stream, timeouts):
        async def one(wire):
            client = asking(wire)
            client.anew()
            try:
                await client._async(stream, {"timeout": timeouts, "max_retries": 0})
            except (TimedOut, StreamInterrupted) as exc:
                return kind_of(exc)
            finally:
                await client.async_client.aclose()

        async def all_of_them():
            return await asyncio.gather(*map(one, wires))

        return dict(zip(wires, asyncio.run(all_of_them()), strict=True))

    return ask


@pytest.mark.parametrize(("name", "stream"), CELLS)
@pytest.mark.parametrize("driver", ["sync", "async"])
def test_the_clock_ends_it(request, served, monkeypatch, name, stream, driver) -> None:
    """Over every wire, with one request at the socket, and hardly later than the clock says."""
    timeouts, kind = TABLE[name][stream]
    wires = befallen(name, stream)
    ask = request.getfixturevalue(f"at_once_{driver}")
    if name == "slow-half":
        monkeypatch.setattr(served.faults, "pace", 0.2)
    served.faults.add(name)
    before, begun = served.server.requests, time.monotonic()

    found = ask(wires, stream, timeouts)

    assert dict.fromkeys(wires, kind) == found
    assert served.server.requests - before == (0 if name == "deaf" else len(wires))
    assert time.monotonic() - begun < 5.0


@pytest.mark.parametrize("mode", ["sync stream", "async stream"])
@pytest.mark.parametrize("name", ["silent", "silent-body"])
def test_an_answer_that_does_not_begin_is_asked_for_again(asking, served, name, mode) -> None:
    """Nothing was seen of it: three requests, as after any failure of that kind."""
    served.faults.add(name)

    outcome = asking("chat_completions")(mode, timeout=BEGIN)

    assert (3, 2) == (outcome.requests, len(outcome.waits))


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_server_that_takes_nothing_in_is_not_waited_for(asking, served, mode) -> None:
    """A request too large for the buffers on the way stalls: the clock of uploads ends it."""
    served.faults.add("deaf")

    outcome = asking("chat_completions")(
        mode, timeout=Timeouts(total=30.0, upload=0.2), system="x" * 30_000_000, max_retries=0
    )

    assert "timeout.upload 0" == str(outcome)


def test_a_consumer_that_stops_reading_holds_the_server_up(asking, served) -> None:
    """What nobody reads stays with the server: what is under way is bounded by the buffers of the system."""
    served.faults.add("flood")
    asking_one = asking("chat_completions")

    with asking_one.client.stream(asking_one.model, TEXT) as events:
        next(iter(events.text))
        sent = [_settled(served), _settled(served)]

    assert sent[0] == sent[1] < 64 * 1024 * 1024


def _settled(served):
    """The bytes sent on the last line of the bill, once they grow no more."""
    line = list(served.app.bill)[-1]
    before = -1
    while before != line.sent:
        before = line.sent
        time.sleep(0.1)  # a server in another thread has no fake clock
    return before
