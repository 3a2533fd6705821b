"""What the policies promise about outages, shown in virtual time: availability, load, recovery."""

from __future__ import annotations

import random

import pytest
from modelled import Modelled, by_host, outages
from virtual import client_of
from world import World

DAY = 86400.0


def ask(world: World, client, model: str, moments) -> list:
    """One call at each moment, in order; what became of them."""
    runs, coming = [], iter(moments)

    def begin():
        runs.append(world.start(client.flow(model, "well?", {}, stream=False), at=world.now))
        await_next()

    def await_next():
        moment = next(coming, None)
        if moment is not None:
            world.at(moment, begin)

    await_next()
    return runs


def test_a_month_of_two_providers_with_outages():
    """Two of 99.5 % each make 99.99 %, at hardly more requests than calls."""
    length, every = 30 * DAY, 60.0
    first = Modelled(flaky=0.001, outages=outages(0.995, length, 1200, seed=11), seed=3)
    second = Modelled(flaky=0.001, outages=outages(0.995, length, 1200, seed=29), seed=4)
    world = World(by_host(first=first, second=second), seed=7)
    client = client_of(world, "first", "second")

    runs = ask(world, client, "route:r", [n * every for n in range(int(length / every))])
    world.run()

    succeeded = sum(run.failure is None for run in runs) / len(runs)
    assert succeeded >= 0.9999
    assert world.sent / len(runs) <= 1.02
    assert first.asked > 0.9 * len(runs)  # the first choice is the first choice whenever it is up


def spread(per_second: float, seconds: float, seed: int = 5) -> list[float]:
    """Arrivals at random, so many a second."""
    chance, moment, found = random.Random(seed), 0.0, []
    while (moment := moment + chance.expovariate(per_second)) < seconds:
        found.append(moment)
    return found


@pytest.mark.parametrize(("per_second", "most"), [(1, 1.2), (50, 1.05)])
def test_an_outage_raises_no_load(per_second, most):
    """Retries do not make a bad day worse: what arrives at a provider that is down is no more than the calls."""
    begin, end = 120.0, 420.0
    only = Modelled(outages=[(begin, end)], seconds=0.3)
    world = World(by_host(only=only), seed=1)
    client = client_of(world, "only")
    moments = spread(per_second, 600)

    ask(world, client, "groq/m", moments)
    world.run()

    called = sum(begin <= moment < end for moment in moments)
    arrived = sum(begin <= moment < end for moment in only.times)
    assert arrived <= most * called


@pytest.mark.parametrize("per_second", [1, 50])
def test_a_provider_that_is_back_is_found_soon(per_second):
    """Within half a minute calls succeed again."""
    only = Modelled(outages=[(120.0, 420.0)], seconds=0.3)
    world = World(by_host(only=only), seed=1)
    client = client_of(world, "only")

    runs = ask(world, client, "groq/m", spread(per_second, 600))
    world.run()

    back = min(run.ended for run in runs if run.failure is None and run.ended >= 420.0)
    assert back - 420.0 <= 30.0
    late = [run for run in runs if run.begun > 460.0]
    assert all(run.failure is None for run in late)


def test_a_failover_takes_no_time_of_its_own():
    """Another target is asked in the moment the first has failed."""
    first, second = Modelled(outages=[(0.0, 1e9)]), Modelled(seconds=0.3)
    world = World(by_host(first=first, second=second))
    client = client_of(world, "first", "second")

    runs = ask(world, client, "route:r", [0.0, 10.0, 20.0])
    world.run()

    assert all(run.seconds <= 0.3 + 0.1 for run in runs)
