"""Half-open: who may probe, whose result counts, and that a probe is never lost."""

from __future__ import annotations

import asyncio
import threading

import pytest

from jackfield.policy.breaker import LEASE, RECHECK, Breaker, ParentBreaker, Permit, Refused
from jackfield.types.resilience import PRESETS, BreakerRules

START = 1000.0
OPEN = START + 15


def opened(kind=Breaker, **figures):
    """A breaker that opened at the start, and lets a probe through from ``OPEN`` on."""
    breaker = kind(BreakerRules(**figures), chance=lambda: 0.0)
    for source in "abababababababababab"[: 2 * breaker.rules.failures]:
        permit = breaker.admit(START)
        if isinstance(permit, Permit):
            permit.settle("hard", START, source)
    assert "open" == breaker.state
    return breaker


def test_two_successes_close_it():
    """One after the other, for one probe is under way at a time."""
    breaker = opened()

    first = breaker.admit(OPEN)
    assert isinstance(breaker.admit(OPEN), Refused)
    first.settle("ok", OPEN + 1)
    breaker.admit(OPEN + 1).settle("ok", OPEN + 5)

    assert "closed" == breaker.state
    assert not breaker.admit(OPEN + 5).probe


def test_it_closes_no_sooner_than_a_state_may_end():
    """Successes are kept until then; the next call finds it closed."""
    breaker = opened()

    for second in (0, 1):
        breaker.admit(OPEN + second).settle("ok", OPEN + second)
    assert "half_open" == breaker.state

    assert breaker.admit(OPEN + 4.9).probe
    assert not breaker.admit(OPEN + 5).probe


@pytest.mark.parametrize("outcome", ["hard", "failure", "stalled", "slow"])
def test_a_failed_probe_reopens_at_once(outcome):
    """The least time of a state does not hold it."""
    breaker = opened()

    breaker.admit(OPEN).settle(outcome, OPEN + 0.1)

    assert ("open", OPEN + 30.1) == (breaker.state, breaker.until)
    assert "a probe failed" == breaker.reason


def test_a_cancelled_probe_is_given_back():
    """It counts as nothing, and another may go at once."""
    breaker = opened()

    breaker.admit(OPEN).release(OPEN + 1)

    assert "half_open" == breaker.state
    assert breaker.admit(OPEN + 1).probe


def test_a_lost_probe_expires():
    """When its call can no longer be under way, another may go; what it says then is not heard."""
    breaker = opened()
    lost = breaker.admit(OPEN, lease=60.0)

    assert isinstance(breaker.admit(OPEN + 59.9), Refused)
    probe = breaker.admit(OPEN + 60)
    lost.settle("hard", OPEN + 61)

    assert probe.probe
    assert "half_open" == breaker.state


def test_a_lease_is_as_long_as_a_call_by_default():
    """Ten minutes."""
    assert OPEN + LEASE == opened().admit(OPEN).expires
    assert 600 == LEASE


def test_a_result_counts_once():
    """Settling twice is settling once."""
    breaker = opened()
    probe = breaker.admit(OPEN)

    for _ in range(3):
        probe.settle("ok", OPEN + 6)

    assert "half_open" == breaker.state


def test_late_results_of_the_closed_state_change_nothing():
    """They neither close nor open what came after it."""
    breaker = Breaker(BreakerRules(), chance=lambda: 0.0)
    late = [breaker.admit(START) for _ in range(20)]
    for permit in late[:5]:
        permit.settle("hard", START)
    generation = breaker.generation

    for permit, outcome in zip(late[5:], ["ok", "hard", "ok"] * 5, strict=True):
        permit.settle(outcome, START + 1)
        permit.started(START + 1, 99.0)

    assert ("open", generation) == (breaker.state, breaker.generation)
    assert 20 == breaker.status(START + 1).total_calls


def test_late_results_of_a_probe_change_nothing():
    """A probe of the last half-open state is not one of this."""
    breaker = opened(probes=2)
    slow, quick = breaker.admit(OPEN), breaker.admit(OPEN)
    quick.settle("hard", OPEN)
    again = breaker.admit(OPEN + 30)

    slow.settle("hard", OPEN + 30)

    assert again.probe
    assert "half_open" == breaker.state


def test_a_stream_counts_its_start_as_success():
    """It has shown that it speaks; whoever comes next need not wait for its end."""
    breaker = opened()

    for second in (0, 5):
        breaker.admit(OPEN + second).started(OPEN + second, ttft=1.0)

    assert "closed" == breaker.state


def test_a_stream_counts_its_end_as_failure():
    """As long as the state lasts in which it began."""
    breaker = opened()
    stream = breaker.admit(OPEN)
    stream.started(OPEN, ttft=1.0)

    stream.settle("failure", OPEN + 4)

    assert "open" == breaker.state


def test_the_good_end_of_a_stream_is_no_second_success():
    """Its start was counted."""
    breaker = opened()
    stream = breaker.admit(OPEN)
    stream.started(OPEN, ttft=1.0)

    stream.settle("ok", OPEN + 6)

    assert "half_open" == breaker.state


def test_a_slow_start_of_a_probe_is_a_failure():
    """It is what the breaker may have opened for."""
    breaker = opened()

    breaker.admit(OPEN).started(OPEN + 31, ttft=31.0)

    assert "open" == breaker.state


@pytest.mark.parametrize("probes", [1, 3, 10])
def test_so_many_threads_are_admitted_at_the_edge_and_no_more(probes):
    """A thousand arrive in the moment its time is up."""
    breaker = opened(probes=probes)
    gate = threading.Barrier(51)
    admitted = []

    def arrive():
        gate.wait()
        admitted.extend(leave for _ in range(20) if isinstance(leave := breaker.admit(OPEN), Permit))

    threads = [threading.Thread(target=arrive) for _ in range(50)]
    for thread in threads:
        thread.start()
    gate.wait()
    for thread in threads:
        thread.join()

    assert probes == len(admitted)


@pytest.mark.parametrize("probes", [1, 3])
def test_so_many_tasks_are_admitted_at_the_edge_and_no_more(probes):
    """A thousand tasks, each of which yields to the others before it asks."""
    breaker = opened(probes=probes)

    async def arrive():
        await asyncio.sleep(0)
        return isinstance(breaker.admit(OPEN), Permit)

    async def all_arrive():
        return sum(await asyncio.gather(*(arrive() for _ in range(1000))))

    assert probes == asyncio.run(all_arrive())


def test_a_thousand_threads_at_the_edge_admit_one():
    """Real threads, one each."""
    breaker = opened()
    threading.stack_size(64 * 1024)
    go, admitted = threading.Event(), []

    def arrive():
        go.wait()
        if isinstance(leave := breaker.admit(OPEN), Permit):
            admitted.append(leave)

    threads = [threading.Thread(target=arrive) for _ in range(1000)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    threading.stack_size(0)

    assert 1 == len(admitted)


def test_who_is_refused_beside_a_probe_may_ask_soon():
    """Nobody knows when it ends, but not later than it expires."""
    breaker = opened()
    breaker.admit(OPEN, lease=0.5)

    assert OPEN + 0.5 == breaker.admit(OPEN).until
    assert OPEN + 0.25 + RECHECK > breaker.opens(OPEN + 0.25) > OPEN + 0.25


def test_asking_when_it_opens_takes_nothing():
    """It may be asked any number of times."""
    breaker = opened()

    assert [OPEN, OPEN, OPEN + 1] == [breaker.opens(OPEN - 9), breaker.opens(OPEN), breaker.opens(OPEN + 1)]
    assert breaker.admit(OPEN + 1).probe


def test_one_target_alone_does_not_open_its_endpoint():
    """However much of it fails; a second one that fails does."""
    parent = ParentBreaker(BreakerRules(), chance=lambda: 0.0)
    for _ in range(50):
        parent.admit(START).settle("hard", START, "a")
    assert "closed" == parent.state

    parent.admit(START + 59).settle("hard", START + 59, "b")

    assert "open" == parent.state


def test_a_target_that_failed_long_ago_is_not_the_second_one():
    """Both have to fail within the window."""
    parent = ParentBreaker(BreakerRules(), chance=lambda: 0.0)
    parent.admit(START).settle("hard", START, "a")

    for _ in range(20):
        parent.admit(START + 60).settle("hard", START + 60, "b")

    assert "closed" == parent.state


def test_nothing_drifts():
    """After a million calls the counts are what happened in the last minute."""
    breaker = Breaker(BreakerRules(failures=100, failure_rate=1.0, min_calls=10_000))
    permit = breaker.admit(START)
    now = START

    for number in range(1_000_000):
        now = START + number / 100
        permit.settle("hard" if number % 4 == 0 else "ok", now)

    status = breaker.status(now)
    assert (1_000_000, 250_000) == (status.total_calls, status.total_failures)
    assert (5600, 1400) == (status.calls, status.failures)  # of the last 56 s: the newest bucket is not full


def test_presets_are_what_they_are_called():
    """Failures in a row, and how long it stays open."""
    figures = {name: (rules.failures, rules.open_time) for name, rules in PRESETS.items()}

    assert {
        "default": (5, 15),
        "conservative": (3, 60),
        "aggressive": (10, 15),
        "dev": (10, 15),
        "staging": (5, 15),
        "prod": (3, 60),
    } == figures
