"""Idle connections and permits."""

from __future__ import annotations

import asyncio
import time

import pytest

from jackfield.transport.clocks import Moment
from jackfield.transport.faults import Fault
from jackfield.transport.pool import AsyncGate, Gate, Limits, Shelf
from jackfield.transport.proxy import Origin

HERE = Origin("http", "here", 80)


class FakeLine:
    """A connection that remembers what was done to it."""

    def __init__(self, origin=HERE, stale=False, reusable=True):
        self.origin = origin
        self.idle_since = 0.0
        self.dropped = False
        self._stale = stale
        self._reusable = reusable

    def stale(self):
        return self._stale

    def recycle(self):
        return self._reusable

    def drop(self):
        self.dropped = True


def soon(seconds=60.0):
    return Moment(time.monotonic() + seconds, "local.overload")


def filled(*lines, **limits):
    shelf = Shelf(Limits(**limits))
    for line in lines:
        shelf.put(line)
    return shelf


def test_the_last_one_in_is_the_first_one_out():
    """The warmest connection is used, the others grow old and go."""
    first, second = FakeLine(), FakeLine()

    assert filled(first, second).take(HERE) is second


def test_connections_are_kept_by_origin():
    """None is taken for another place."""
    assert filled(FakeLine()).take(Origin("https", "here", 443)) is None


def test_a_stale_connection_is_dropped_and_the_next_one_taken():
    """Nobody sees it."""
    good, stale = FakeLine(), FakeLine(stale=True)

    assert filled(good, stale).take(HERE) is good
    assert stale.dropped


def test_what_cannot_be_reused_or_is_too_much_is_dropped():
    """Not kept for later."""
    spent, third = FakeLine(reusable=False), FakeLine()

    filled(spent, FakeLine(), FakeLine(), third, idle=2)

    assert (spent.dropped, third.dropped) == (True, True)


def test_old_connections_are_dropped_when_another_is_put():
    """Also when nobody takes one."""
    old, young = FakeLine(), FakeLine()
    shelf = filled(old)
    old.idle_since -= 16

    shelf.put(young)

    assert (old.dropped, young.dropped) == (True, False)
    assert shelf.take(HERE) is young


def test_an_expired_connection_is_not_taken():
    """A router on the way may have forgotten it."""
    old = FakeLine()
    shelf = filled(old)
    old.idle_since -= 16

    assert shelf.take(HERE) is None
    assert old.dropped


def test_clearing_drops_all():
    """And what is put later is kept again."""
    line, later = FakeLine(), FakeLine()
    shelf = filled(line)

    shelf.clear()
    shelf.put(later)

    assert line.dropped
    assert shelf.take(HERE) is later


def test_a_full_gate_makes_threads_wait_until_the_moment():
    """Then it refuses with the kind of the clock."""
    gate = Gate(1)
    gate.enter(soon())

    with pytest.raises(Fault) as caught:
        gate.enter(soon(0.02))
    gate.leave()
    gate.enter(soon())

    assert caught.value.kind == "local.overload"


def test_tasks_pass_a_gate_in_the_order_they_came():
    """Nobody who comes later is let in before."""

    async def main():
        gate, order = AsyncGate(1), []

        async def caller(number):
            await gate.enter(soon())
            order.append(number)
            gate.leave()

        assert gate.try_enter()
        tasks = [asyncio.create_task(caller(number)) for number in range(3)]
        await asyncio.sleep(0)
        gate.leave()
        overtaken = gate.try_enter()
        await asyncio.gather(*tasks)
        return order, overtaken, gate._free

    assert asyncio.run(main()) == ([0, 1, 2], False, 1)


def test_a_full_gate_refuses_tasks_at_the_moment():
    """And forgets who has given up."""

    async def main():
        gate = AsyncGate(0)
        with pytest.raises(Fault):
            await gate.enter(soon(0.02))
        return len(gate._queue)

    assert asyncio.run(main()) == 0


def test_a_permit_handed_to_a_cancelled_task_goes_to_the_next():
    """The cancellation may come in the very moment of the handing over."""

    async def main():
        gate = AsyncGate(1)
        gate.try_enter()
        first, second = (asyncio.create_task(gate.enter(soon())) for _ in range(2))
        await asyncio.sleep(0)
        gate.leave()
        first.cancel()
        await second
        gate.leave()
        return gate._free

    assert asyncio.run(main()) == 1
