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


def late(unit):
    """All time is up before another clock is."""
    return Timeouts(total=unit, connect=60.0, headers=60.0, first_token=60.0, idle=60.0)


def begin(unit):
    """The answer has to begin in time."""
    return Timeouts(total=600.0, connect=60.0, headers=unit, first_token=unit, idle=60.0)


def idle(unit):
    """The answer must not stop."""
    return Timeouts(total=600.0, connect=60.0, headers=60.0, first_token=60.0, idle=unit)


# Seconds that a clock runs, and what drips in meanwhile. A machine that is busy may need longer for eight calls at once
# to come so far that they go wrong as they should.
UNITS = (1.0, 5.0, 25.0)
PACE = 0.2

# fault -> the clocks, and the kind of failure; whole, then streamed
TABLE = {
    "silent": ((late, "deadline"), (begin, "timeout.headers")),
    "drip-head": ((late, "deadline"), (begin, "timeout.headers")),
    "silent-body": ((idle, "timeout.idle"), (begin, "timeout.first_token")),
    "pings-only": ((late, "deadline"), (begin, "timeout.first_token")),
    "deaf": ((late, "deadline"), (begin, "timeout.headers")),
    "stall": (None, (idle, "interrupted: timeout.idle")),
    "flood": (None, (late, "interrupted: deadline")),
    "slow-half": (None, (late, "interrupted: deadline")),
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
    clocks, kind = TABLE[name][stream]
    wires = befallen(name, stream)
    ask = request.getfixturevalue(f"at_once_{driver}")
    served.faults.add(name)
    wanted = dict.fromkeys(wires, kind), 0 if name == "deaf" else len(wires), True

    for unit in UNITS:
        served.hang_up()
        monkeypatch.setattr(served.faults, "pace", PACE * unit)
        before, begun = served.server.requests, time.monotonic()
        kinds = ask(wires, stream, clocks(unit))
        found = kinds, served.server.requests - before, time.monotonic() - begun < 4 * unit
        if found == wanted:
            break

    assert wanted == found


@pytest.mark.parametrize("mode", ["sync stream", "async stream"])
@pytest.mark.parametrize("name", ["silent", "silent-body"])
def test_an_answer_that_does_not_begin_is_asked_for_again(asking, served, name, mode) -> None:
    """Nothing was seen of it: three requests, as after any failure of that kind."""
    served.faults.add(name)
    before = served.server.requests

    outcome = asking("chat_completions")(mode, timeout=begin(0.5))
    served.run(asyncio.sleep(0.05))  # it has read what was sent, however busy the machine

    assert (3, 2) == (served.server.requests - before, len(outcome.waits))


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_server_that_takes_nothing_in_is_not_waited_for(asking, served, mode) -> None:
    """A request too large for the buffers on the way stalls: the clock of uploads ends it."""
    served.faults.add("deaf")

    outcome = asking("chat_completions")(
        mode, timeout=Timeouts(total=600.0, upload=0.2), system="x" * 30_000_000, max_retries=0
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
        served.run(asyncio.sleep(0.1))  # it has had its turn meanwhile, however busy the machine
    return before
