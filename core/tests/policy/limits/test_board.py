"""The limits of a client: entered before an attempt, settled after it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from jackfield import LimitReached
from jackfield.config import Settings
from jackfield.flow import Await, Now
from jackfield.policy.limits import Cost, Limits
from jackfield.policy.limits.store import LocalStore, Spec, Want
from jackfield.transport.drivers import AsyncDriver, SyncDriver

SOON = 1e9


def limits(**rules):
    """The limits of a configuration."""
    return Limits(Settings.load({"limits": rules}, env={}).limits)


def test_without_rules_there_is_nothing_to_ask():
    """A client can tell without a call."""
    assert not limits()
    assert limits(all={"requests": "1 / second"})


def test_what_fits_enters_at_once(bench):
    """Nothing is waited for while there is room."""
    board = limits(all={"requests": "2 / minute"})

    holds = [bench.run(board.entering({}, Cost(), SOON)) for _ in range(2)]

    assert (2, []) == (len(holds), bench.waits)


def test_what_does_not_fit_waits_until_it_does(bench):
    """The third of two a second waits for the rest of the second."""
    board = limits(all={"requests": "2 / second"})

    for _ in range(3):
        bench.run(board.entering({}, Cost(), SOON))

    assert bench.waits == pytest.approx([1.0], abs=1e-3)
    assert board.waiting == 0


def test_a_limit_may_refuse_instead_of_waiting(bench):
    """Then it is said when there will be room."""
    board = limits(all={"requests": "1 / minute", "on_limit": "refuse"})
    bench.run(board.entering({}, Cost(), SOON))

    with pytest.raises(LimitReached, match=r"limit `all` \(1 requests in 60 s\) is reached") as caught:
        bench.run(board.entering({}, Cost(), SOON))

    assert (pytest.approx(60, abs=0.1), "no", []) == (
        caught.value.retry_after,
        caught.value.info.sent,
        bench.waits,
    )


@pytest.mark.parametrize("left", [5.0, 100.0])
def test_nobody_waits_past_the_deadline_nor_longer_than_half_a_minute(left, bench):
    """Where the wait is known to be too long it is not begun."""
    board = limits(all={"requests": "1 / minute"})
    bench.run(board.entering({}, Cost(), SOON))

    with pytest.raises(LimitReached):
        bench.run(board.entering({}, Cost(), bench.now + left))

    assert [] == bench.waits


def test_a_call_above_the_limit_itself_is_told_so(bench):
    """It would wait for ever."""
    board = limits(all={"tokens": "1k / minute"})

    with pytest.raises(LimitReached, match="this call alone takes 1,001"):
        bench.run(board.entering({}, Cost(tokens=1001), SOON))


def test_each_user_has_a_limit_of_his_own(bench):
    """And who is no known user has none of them."""
    board = limits(each={"scope": "user", "requests": "1 / minute", "on_limit": "refuse"})

    for subject in ({"user": "a"}, {"user": "b"}, {}, {}):
        bench.run(board.entering(subject, Cost(), SOON))

    with pytest.raises(LimitReached):
        bench.run(board.entering({"user": "a"}, Cost(), SOON))


def test_a_rule_is_for_those_it_names(bench):
    """Others are not counted."""
    board = limits(big={"only": {"model": "large-*"}, "requests": "1 / minute", "on_limit": "refuse"})

    for model in ("large-2", "small", "small"):
        bench.run(board.entering({"model": model}, Cost(), SOON))

    with pytest.raises(LimitReached):
        bench.run(board.entering({"model": "large-3"}, Cost(), SOON))


def test_nothing_is_taken_where_one_limit_of_several_refuses(bench):
    """Requests are not used up by calls that have too many tokens."""
    board = limits(all={"requests": "1 / minute", "tokens": "10 / minute", "on_limit": "refuse"})

    with pytest.raises(LimitReached):
        bench.run(board.entering({}, Cost(tokens=11), SOON))

    assert bench.run(board.entering({}, Cost(tokens=10), SOON)).open


def test_an_estimate_is_settled_to_what_it_was(bench):
    """The tokens that were not used are free for the next call."""
    board = limits(all={"tokens": "1000 / minute", "on_limit": "refuse"})
    hold = bench.run(board.entering({}, Cost(tokens=900), SOON))

    board.settle(hold, Cost(tokens=100), bench.now)
    board.settle(hold, Cost(tokens=0), bench.now)

    assert bench.run(board.entering({}, Cost(tokens=900), SOON)).open
    with pytest.raises(LimitReached):
        bench.run(board.entering({}, Cost(tokens=1), SOON))


def test_what_was_not_sent_counts_nowhere(bench):
    """A released hold leaves no trace."""
    board = limits(all={"requests": "1 / minute", "concurrent": 1, "on_limit": "refuse"})

    for _ in range(3):
        board.release(bench.run(board.entering({}, Cost(), SOON)), bench.now)


def test_a_tier_is_a_set_of_limits(bench):
    """The free one lets ten in within a minute, two at once."""
    board = limits(guests={"tier": "free", "scope": "user", "on_limit": "refuse"})

    for _ in range(10):
        board.settle(bench.run(board.entering({"user": "a"}, Cost(), SOON)), Cost(), bench.now)

    with pytest.raises(LimitReached, match="10 requests in 60 s"):
        bench.run(board.entering({"user": "a"}, Cost(), SOON))


def test_a_complaint_reaches_limits_that_adapt(bench):
    """After one of the provider's refusals seven of ten are let in."""
    board = limits(all={"requests": "10 / minute", "algorithm": "adaptive", "on_limit": "refuse"})
    hold = bench.run(board.entering({}, Cost(), SOON))

    board.complain(hold, bench.now)
    for _ in range(6):
        bench.run(board.entering({}, Cost(), SOON))

    with pytest.raises(LimitReached):
        bench.run(board.entering({}, Cost(), SOON))


def test_calls_are_spaced_out_by_a_leaky_bucket(bench):
    """Each waits for the turn it was given; a turn too far ahead is not taken."""
    board = limits(all={"requests": "60 / minute", "algorithm": "leaky_bucket"})

    for _ in range(3):
        bench.run(board.entering({}, Cost(), SOON))

    assert bench.waits == pytest.approx([0, 1, 1][1:], abs=1e-3)


def waiting(board, priority="normal"):
    """A call that has begun to wait: its flow, stopped where it waits."""
    flow = board.entering({}, Cost(), SOON, priority)
    effect = next(flow)
    while not isinstance(effect, Await):
        effect = flow.send(1000.0)
    return flow, effect.begin()


def test_whoever_came_first_is_served_first(bench):
    """Those of high priority before all others, then in the order they came."""
    board = limits(all={"concurrent": 1})
    hold = bench.run(board.entering({}, Cost(), SOON))
    calls = [waiting(board, priority) for priority in ("low", "normal", "high", "normal")]
    served = []

    for _ in calls:
        board.settle(hold, Cost(), 1000.0)
        place = next(place for place, (_, woken) in enumerate(calls) if woken is not None and woken.done())
        served.append(place)
        hold = finished(calls[place][0])
        calls[place] = (calls[place][0], None)

    assert [2, 1, 3, 0] == served


def finished(flow):
    """The hold of a flow that was woken."""
    effect = flow.send(None)
    while True:
        try:
            effect = flow.send(1000.0 if isinstance(effect, Now) else None)
        except StopIteration as stop:
            return stop.value


def test_a_newcomer_does_not_overtake_who_waits(bench):
    """Room that has become free is for those who waited for it."""
    board = limits(all={"concurrent": 1})
    hold = bench.run(board.entering({}, Cost(), SOON))
    first, _ = waiting(board)
    board.settle(hold, Cost(), 1000.0)

    newcomer, _ = waiting(board)

    assert finished(first).open
    newcomer.close()


def test_who_leaves_makes_way(bench):
    """A call that is cancelled while it waits keeps nobody else from being served."""
    board = limits(all={"concurrent": 1})
    hold = bench.run(board.entering({}, Cost(), SOON))
    first, _ = waiting(board)
    second, woken = waiting(board)

    first.close()
    board.settle(hold, Cost(), 1000.0)

    assert woken.done()
    assert finished(second).open
    assert board.waiting == 0


def test_a_call_waits_for_one_limit_though_another_refuses(bench):
    """What is said of one does not hold for the other."""
    board = limits(a={"concurrent": 1}, b={"requests": "9 / minute", "on_limit": "refuse"})
    hold = bench.run(board.entering({}, Cost(), SOON))
    calls = [waiting(board), waiting(board)]

    board.settle(hold, Cost(), 1000.0)

    assert finished(calls[0][0]).open


def test_the_room_has_an_end(bench):
    """Who finds it full is refused at once."""
    board = limits(waiting=2, all={"concurrent": 1})
    bench.run(board.entering({}, Cost(), SOON))
    held = [waiting(board), waiting(board)]

    with pytest.raises(LimitReached, match="2 calls wait already"):
        waiting(board)

    assert len(held) == board.waiting


def test_threads_wait_for_each_other():
    """Of many threads never more than two are inside, and all come through."""
    board, driver, inside, most = limits(all={"concurrent": 2}), SyncDriver(None), [], []

    def call():
        hold = driver.run(board.entering({}, Cost(), SOON))
        inside.append(1)
        most.append(len(inside))
        inside.pop()
        board.settle(hold, Cost(), driver.clock())

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert (50, 0) == (len(most), board.waiting)
    assert max(most) <= 2


def test_tasks_wait_for_each_other():
    """The same flow serves tasks; one that is cancelled holds up nobody."""
    board, driver, most, inside = limits(all={"concurrent": 1}), AsyncDriver(None), [], []

    async def call():
        hold = await driver.run(board.entering({}, Cost(), SOON))
        inside.append(1)
        most.append(len(inside))
        await asyncio.sleep(0)
        inside.pop()
        board.settle(hold, Cost(), driver.clock())

    async def calls():
        tasks = [asyncio.create_task(call()) for _ in range(50)]
        await asyncio.sleep(0)
        tasks[7].cancel()
        await asyncio.wait(tasks)

    asyncio.run(calls())

    assert (49, 1, 0) == (len(most), max(most), board.waiting)


def test_a_call_may_be_asked_about_without_waiting():
    """A hold, or what refused it."""
    board = limits(all={"requests": "1 / minute"})

    first, second = board.admit({}, Cost(), 0.0), board.admit({}, Cost(), 0.0)

    assert (True, 0) == (first.open, second.blocked)


def test_a_wait_that_is_too_long_is_not_begun_in_a_queue_either(bench):
    """Who waits behind others until his time is up is told so."""
    board = limits(all={"concurrent": 1, "max_wait": 5})
    bench.run(board.entering({}, Cost(), SOON))
    before = waiting(board)

    with pytest.raises(LimitReached, match="no turn came in time"):
        bench.run(board.entering({}, Cost(), SOON))

    assert ([5.0], 2) == (bench.waits, len(before))


def test_all_places_taken_is_told(bench):
    """When nobody left in time."""
    board = limits(all={"concurrent": 1, "max_wait": 5})
    bench.run(board.entering({}, Cost(), SOON))

    with pytest.raises(
        LimitReached, match=r"limit `all` \(1 calls at once\) is reached: all places are taken"
    ):
        bench.run(board.entering({}, Cost(), SOON))


def test_money_is_a_limit_too(bench):
    """In dollars."""
    board = limits(all={"cost": "1 USD / hour", "on_limit": "refuse"})
    bench.run(board.entering({}, Cost(cost=6 * 10**8), SOON))

    with pytest.raises(LimitReached, match="1 USD in 3600 s"):
        bench.run(board.entering({}, Cost(cost=6 * 10**8), SOON))


def test_a_turn_too_far_ahead_is_given_back(bench):
    """It is for somebody who has the time."""
    board = limits(all={"requests": "1 / minute", "algorithm": "leaky_bucket"})
    bench.run(board.entering({}, Cost(), SOON))

    for _ in range(2):
        with pytest.raises(LimitReached):
            bench.run(board.entering({}, Cost(), SOON))

    assert [] == bench.waits


def test_a_spaced_turn_is_waited_for_in_a_queue(bench):
    """Also by who had to wait for another limit first."""
    board = limits(a={"requests": "4 / second", "algorithm": "leaky_bucket"}, b={"requests": "1 / second"})

    for _ in range(3):
        bench.run(board.entering({}, Cost(), SOON))

    assert sum(bench.waits) == pytest.approx(2, abs=0.01)


def test_limiters_are_forgotten_when_they_are_idle():
    """Those of users who were never seen again."""
    store = LocalStore(most=2)
    rule = Settings.load({"limits": {"x": {"requests": "1 / minute"}}}, env={}).limits.rules[0]
    wants = [[Want((name,), Spec(rule, rule.rates[0], 0), 1)] for name in "abc"]
    for now, want in ((0.0, wants[0]), (50.0, wants[1]), (61.0, wants[2])):
        store.take(want, now)

    assert [None, 0, 0] == [store.take(want, 61.0).blocked for want in wants]
